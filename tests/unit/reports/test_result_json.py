import copy
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError
from report_examples import TOTALS, run, sample, skipped

from cpost.errors import RecordError
from cpost.meter.sample import Rung, Totals
from cpost.record.gpu import GpuUse
from cpost.record.host import HostFacts
from cpost.record.run import HostUse, OwnUse, RunState, StartUp
from cpost.reports.result_json import result_object, result_text, write_result
from cpost.sizing.doubts.doubt import DoubtKind
from cpost.sizing.sized_run import size_run

HOST = HostFacts("lab", None, "6.1.0", "x86_64", None, 2, 8_000_000_000)
SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "result.schema.json").read_text(encoding="utf-8")
)


OWN_USE = OwnUse(45_000_000_000, 410_000, 36_000_000, 450, 60_000, 300_000)


def result(*runs, own_use=None):
    return result_object("s1", "spleen", HOST, [size_run(one) for one in runs], own_use)


def validate(document):
    Draft202012Validator(SCHEMA).validate(document)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_every_object_of_the_schema_is_closed():
    waiting = [SCHEMA]
    closed = 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
            if part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert set(part["required"]) == set(part["properties"])
                closed += 1
        elif isinstance(part, list):
            waiting += part
    assert closed == 22


@pytest.mark.parametrize(
    "one",
    [
        run(),
        run(gpu=GpuUse(("T4",), 16, 3, None, 97, 60)),
        run(gpu=GpuUse((), None, 0, 0, 0, 60)),
        run(samples=[sample(k, hard_bytes=k, inactive_file_bytes=0) for k in range(30)]),
        run(state=RunState.FAIL, exit_code=126, reason="exit 126", warnings=("one",)),
        run(state=RunState.ERROR, exit_code=-15, container_id=None, duration_ns=None, rung=None),
        run(state=RunState.ERROR, exit_code=None, totals=Totals(), duration_ns=None),
        skipped(),
        *(run(rung=rung) for rung in Rung),
    ],
)
def test_every_kind_of_run_follows_the_schema(one):
    document = json.loads(result_text(result(one)))
    validate(document)


@pytest.mark.parametrize("path", [(), ("host",), ("operators", 0), ("operators", 0, "cpu")])
def test_the_schema_refuses_what_it_does_not_know(path):
    document = copy.deepcopy(result(run()))
    part = document
    for step in path:
        part = part[step]
    part["surprise"] = 1
    with pytest.raises(ValidationError):
        validate(document)


def test_a_run_that_passed_tells_its_figures_and_requests():
    samples = [
        sample(k, hard_bytes=17_000_000, inactive_file_bytes=1_000_000, pids=1) for k in range(20)
    ]
    totals = replace(TOTALS, memory_peak_bytes=25_000_000)
    document = result(run(samples=samples, duration_ns=1_900_000_000, totals=totals))
    operator = document["operators"][0]
    assert {key: document[key] for key in ("schema_version", "session", "pipeline")} == {
        "schema_version": 1,
        "session": "s1",
        "pipeline": "spleen",
    }
    assert operator["cpu"]["total_seconds"] == 1.0
    assert operator["cpu"]["maximum_cores"] == pytest.approx(1 / 1.9)
    assert operator["memory"] == {
        "peak_bytes": 25_000_000,
        "hard_peak_bytes": 17_000_000,
        "working_set_peak_bytes": 19_000_000,
        "average_bytes": 20_000_000,
        "unseen_spike_bytes": 0,
        "swap_peak_bytes": None,
    }
    assert operator["meter"] == "parent cgroup v2"
    assert operator["samples"] == 20
    assert operator["recommendation"]["requests"] == {
        "cpu": 1,
        "memory_mib": 256,
        "gpu": None,
    }
    assert operator["warnings"] == []
    assert operator["doubts"] == []


def test_a_failed_run_tells_figures_but_no_requests():
    failed = run(state=RunState.FAIL, exit_code=126, reason="exit 126")
    operator = result(failed)["operators"][0]
    assert operator["cpu"]["total_seconds"] == 1.0
    assert operator["recommendation"] == {
        "strategy": "classic",
        "requests": None,
        "reason": "no recommendation: exit 126",
    }


def test_what_is_not_known_is_null():
    operator = result(skipped())["operators"][0]
    assert set(operator["cpu"].values()) == {None}
    groups = ("memory", "oom", "io", "pressure", "limits", "start_up", "host")
    for group in groups:
        assert set(operator[group].values()) == {None}
    for name in ("signal", "cores_profile", "throttled_seconds", "pids_peak", "unseen_end_seconds"):
        assert operator[name] is None
    assert operator["duration_seconds"] is None
    assert operator["exit_code"] is None
    assert operator["meter"] is None


FULL = run(
    samples=[sample(k, pids=4, cpu_usage_usec=k * 200_000) for k in range(21)],
    state=RunState.FAIL,
    exit_code=137,
    oom_killed=True,
    reason="killed for memory",
    engine_oom_killed=False,
    host_use=HostUse(3_000_000, 10_000, 4096, 8192, 2, 8),
    start_up=StartUp(24_000, 4_100_000),
    totals=Totals(
        cpu_usage_usec=4_000_000,
        cpu_user_usec=3_000_000,
        cpu_system_usec=1_000_000,
        memory_peak_bytes=512_000_000,
        oom_kills=2,
        throttled_usec=500_000,
        io_read_bytes=1,
        io_write_bytes=2,
        memory_limit_bytes=512_000_000,
        memory_limit_hits=3,
        cpu_limit_mcores=2500,
        throttled_periods=4,
        swap_peak_bytes=5,
        cpu_some_usec=6_000_000,
        memory_some_usec=7_000_000,
        memory_full_usec=8_000_000,
        io_some_usec=9_000_000,
        io_full_usec=10_000_000,
        pids_peak=11,
        unseen_end_usec=50_000,
    ),
)


def test_all_that_is_known_of_a_run_is_told():
    document = result(FULL, own_use=OWN_USE)
    validate(document)
    operator = document["operators"][0]
    expected = {
        "exit_code": 137,
        "signal": "SIGKILL",
        "oom": {"kernel_kills": 2, "engine_flag": False},
        "unseen_end_seconds": 0.05,
        "throttled_seconds": 0.5,
        "pids_peak": 11,
        "io": {"read_bytes": 1, "write_bytes": 2},
        "pressure": {
            "cpu_some_seconds": 6.0,
            "memory_some_seconds": 7.0,
            "memory_full_seconds": 8.0,
            "io_some_seconds": 9.0,
            "io_full_seconds": 10.0,
        },
        "limits": {
            "cpu_cores": 2.5,
            "cpu_throttled_periods": 4,
            "memory_bytes": 512_000_000,
            "memory_hits": 3,
        },
        "start_up": {"cpu_seconds": 0.024, "memory_peak_bytes": 4_100_000},
        "host": {
            "busy_seconds": 3.0,
            "stolen_seconds": 0.01,
            "swapped_in_bytes": 4096,
            "swapped_out_bytes": 8192,
            "heat_throttles": 2,
            "cpu_count": 8,
            "elapsed_seconds": None,
        },
    }
    assert {name: operator[name] for name in expected} == expected
    assert operator["cores_profile"] == pytest.approx([2.0, 2.0])
    assert operator["memory"]["swap_peak_bytes"] == 5
    assert (operator["cpu"]["user_seconds"], operator["cpu"]["system_seconds"]) == (3.0, 1.0)


def test_doubts_are_told_by_kind_and_as_sentences_among_the_warnings():
    operator = result(FULL)["operators"][0]
    doubts = {one["kind"]: one["message"] for one in operator["doubts"]}
    assert {"peak-saturated", "kills-differ", "heat"} <= set(doubts)
    assert set(doubts.values()) <= set(operator["warnings"])


def test_the_schema_knows_every_kind_of_doubt_and_no_other():
    assert SCHEMA["$defs"]["doubt"]["properties"]["kind"]["enum"] == [
        kind.value for kind in DoubtKind
    ]


def test_cpost_tells_what_it_used_itself():
    assert result(run())["profiler"] is None
    assert result(run(), own_use=OWN_USE)["profiler"] == {
        "wall_seconds": 45.0,
        "cpu_seconds": 0.41,
        "memory_peak_bytes": 36_000_000,
        "samples": 450,
        "late_p50_seconds": 6e-5,
        "late_p99_seconds": 3e-4,
    }
    validate(result(run(), own_use=replace(OWN_USE, memory_peak_bytes=None, late_p50_ns=None)))


def test_the_file_is_written_whole_or_not_at_all(tmp_path, full_disk):
    path = tmp_path / "result.json"
    path.write_text("the old one")
    full_disk(100)
    with pytest.raises(RecordError, match=r"could not write .*result\.json: File too large"):
        write_result(result(run()), path, "--json FILE")
    assert path.read_text() == "the old one"
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]


def test_the_file_holds_the_object(tmp_path):
    write_result(result(run()), tmp_path / "result.json", "--json FILE")
    assert json.loads((tmp_path / "result.json").read_text()) == result(run())


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "result.json")
    write_result(result(run()), tmp_path / "link.json", "--json FILE")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "result.json").read_text())["session"] == "s1"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_result(result(run()), pipe, "--json FILE")
    reader.join(timeout=10)
    assert json.loads(read[0])["session"] == "s1"
    assert pipe.is_fifo()


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(RecordError, match="No such file or directory"):
        write_result(result(run()), tmp_path / "no" / "result.json", "--json FILE")
