import copy
import json
import os
import threading
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError
from report_examples import run, sample, skipped

from cpost.errors import RecordError
from cpost.meter.sample import Rung, Totals
from cpost.record.host import HostFacts
from cpost.record.run import RunState
from cpost.reports.result_json import result_object, result_text, write_result
from cpost.sizing.sized_run import size_run

HOST = HostFacts("lab", None, "6.1.0", "x86_64", None, 2, 8_000_000_000)
SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "result.schema.json").read_text(encoding="utf-8")
)


def result(*runs):
    return result_object("s1", "spleen", HOST, [size_run(one) for one in runs])


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
    assert closed == 7


@pytest.mark.parametrize(
    "one",
    [
        run(),
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
    samples = [sample(k, hard_bytes=7_000_000, inactive_file_bytes=1_000_000) for k in range(20)]
    document = result(run(samples=samples, duration_ns=1_900_000_000))
    operator = document["operators"][0]
    assert {key: document[key] for key in ("schema_version", "session", "pipeline")} == {
        "schema_version": 1,
        "session": "s1",
        "pipeline": "spleen",
    }
    assert operator["cpu"]["total_seconds"] == 1.0
    assert operator["cpu"]["maximum_cores"] == pytest.approx(1 / 1.9)
    assert operator["memory"] == {
        "peak_bytes": 50_000_000,
        "hard_peak_bytes": 7_000_000,
        "working_set_peak_bytes": 19_000_000,
        "average_bytes": 20_000_000,
    }
    assert operator["meter"] == "parent cgroup v2"
    assert operator["samples"] == 20
    assert operator["recommendation"]["requests"] == {"cpu": 1, "memory_mib": 256}
    assert operator["warnings"] == []


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
    assert set(operator["memory"].values()) == {None}
    assert operator["duration_seconds"] is None
    assert operator["exit_code"] is None
    assert operator["meter"] is None


def test_the_file_is_written_whole_or_not_at_all(tmp_path, full_disk):
    path = tmp_path / "result.json"
    path.write_text("the old one")
    full_disk(100)
    with pytest.raises(RecordError, match=r"could not write .*result\.json: File too large"):
        write_result(result(run()), path)
    assert path.read_text() == "the old one"
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]


def test_the_file_holds_the_object(tmp_path):
    write_result(result(run()), tmp_path / "result.json")
    assert json.loads((tmp_path / "result.json").read_text()) == result(run())


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "result.json")
    write_result(result(run()), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "result.json").read_text())["session"] == "s1"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_result(result(run()), pipe)
    reader.join(timeout=10)
    assert json.loads(read[0])["session"] == "s1"
    assert pipe.is_fifo()


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(RecordError, match="No such file or directory"):
        write_result(result(run()), tmp_path / "no" / "result.json")
