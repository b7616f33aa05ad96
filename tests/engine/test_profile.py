"""The main job against a real engine: what is executed, measured, written and printed."""

from __future__ import annotations

import csv
import itertools
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from cpost.engine.empty_image import empty_image, empty_program
from cpost.record.reading import read_session

pytestmark = pytest.mark.engine

MIB = 1 << 20

BURN_ONE_CPU_SECOND = (
    "import os\n"
    "while sum(os.times()[:2]) < 1.0: sum(range(1000))\n"
    "print('burnt', sum(os.times()[:2]))\n"
)
HOLD_200_MIB = "import time; held = bytearray(b'x') * (200 << 20); time.sleep(1)"


def python(script: str) -> str:
    return f'exec python3 -c "{script}"'


def only(result: dict[str, Any]) -> dict[str, Any]:
    (run,) = result["operators"]
    assert isinstance(run, dict)
    return run


def passed(result: dict[str, Any]) -> dict[str, Any]:
    run = only(result)
    assert run["state"] == "pass", result["ended"]
    return run


def test_outputs_are_handed_on_and_everything_is_kept(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, tmp_path: Path
) -> None:
    file = pipeline(
        operator("writer", "cat /input/*", input=[{"from": "reader", "path": "/input"}]),
        operator("reader", "cp /input/one.txt /output/two.txt; echo done; echo oops >&2"),
    )
    result = cpost.profile(file, payload, "--metrics_dir", tmp_path / "m")
    assert result["ended"].returncode == 0, result["ended"].stderr
    assert [run["name"] for run in result["operators"]] == ["reader", "writer"]
    first, second = sorted(one for one in cpost.session_dir.iterdir() if one.is_dir())
    assert (first / "stdout.log").read_text() == "done\n"
    assert (first / "stderr.log").read_text() == "oops\n"
    assert (second / "stdout.log").read_text() == "one\n"
    assert (first / "exit_code").read_text().strip() == "0"
    assert (cpost.session_dir / "pipeline.yaml").read_bytes() == file.read_bytes()
    assert json.loads((first / "run.json").read_text())["schema_version"]
    kept = json.loads((cpost.session_dir / "result.json").read_text())
    assert kept["operators"] == result["operators"]
    assert {one.name for one in (tmp_path / "m").iterdir()} == {
        "reader_final_result.csv",
        "writer_final_result.csv",
    }
    assert list(cpost.session_dir.glob("outputs*")) == []


def test_an_operator_that_does_nothing_is_measured_exactly(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    run = only(cpost.profile(pipeline(operator("nothing", "exec true")), payload))
    assert run["state"] == "pass"
    assert run["meter"].startswith("parent cgroup")
    assert 0 < run["cpu"]["total_seconds"] < 1
    assert 0 < run["memory"]["peak_bytes"] < 100 * MIB
    assert run["duration_seconds"] > 0


def test_cpu_seconds_are_what_was_burnt(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    run = passed(cpost.profile(pipeline(operator("burner", python(BURN_ONE_CPU_SECOND))), payload))
    # The start of the container and of Python themselves cost up to a tenth of a second.
    assert run["cpu"]["total_seconds"] == pytest.approx(1.0, abs=0.25)
    assert run["cpu"]["maximum_cores"] <= 1.3
    assert run["recommendation"]["requests"]["cpu"] in {1, 2}


def test_memory_is_what_was_held(cpost: Any, pipeline: Any, payload: Path, operator: Any) -> None:
    run = passed(cpost.profile(pipeline(operator("holder", python(HOLD_200_MIB))), payload))
    assert run["memory"]["hard_peak_bytes"] == pytest.approx(200 * MIB, rel=0.15)
    assert run["memory"]["peak_bytes"] >= run["memory"]["hard_peak_bytes"] * 0.99
    assert run["recommendation"]["requests"]["memory_mib"] % 256 == 0
    assert run["recommendation"]["strategy"] == "classic"


def test_rows_of_the_csv_appear_while_the_operator_executes(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, tmp_path: Path
) -> None:
    file = pipeline(operator("slow", "sleep 3"))
    process = cpost.popen(file, payload, "--metrics_dir", tmp_path, "--interval", 0.05)
    target = tmp_path / "slow_final_result.csv"
    seen = 0
    try:
        while process.poll() is None and seen < 10:
            seen = len(target.read_text().splitlines()) if target.exists() else 0
        assert process.poll() is None, process.communicate()
    finally:
        process.communicate(timeout=60)
    with target.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0])[:3] == ["timestamp", "cpu_percent", "memory"]
    steps = [
        float(after["timestamp"]) - float(before["timestamp"])
        for before, after in itertools.pairwise(rows)
    ]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(0.05, abs=0.005)


def test_the_payload_is_read_only_unless_asked_for(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    file = pipeline(operator("greedy", "touch /input/mine"))
    assert only(cpost.profile(file, payload))["state"] == "fail"
    assert only(cpost.profile(file, payload, "--writable_input"))["state"] == "pass"
    assert (payload / "mine").exists()


def test_outputs_are_kept_where_asked(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, tmp_path: Path
) -> None:
    file = pipeline(operator("maker", "echo hello > /output/file"))
    cpost(file, payload, "--keep_outputs", tmp_path / "kept")
    assert (tmp_path / "kept/maker/output/file").read_text() == "hello\n"


def test_what_an_operator_prints_is_cut_on_disk_but_never_blocks_it(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    file = pipeline(operator("loud", "yes | head -c 300000000; echo end >&2"))
    run = only(cpost.profile(file, payload, "--max_log_bytes", "1MiB"))
    assert run["state"] == "pass"
    folder = next(one for one in cpost.session_dir.iterdir() if one.is_dir())
    assert sum(one.stat().st_size for one in folder.glob("*.log")) < 1.1 * MIB
    assert any("of its output not kept" in one for one in run["warnings"])


def test_the_environment_is_as_written(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    file = pipeline(operator("env", "env", variables={"LEVEL": 2, "API_TOKEN": "hush"}))
    cpost(file, payload)
    folder = next(one for one in cpost.session_dir.iterdir() if one.is_dir())
    printed = (folder / "stdout.log").read_text().splitlines()
    assert {"LEVEL=2", "NVIDIA_CLARA_NOSYNCLOCK=TRUE", "API_TOKEN=hush"} <= set(printed)
    kept = [one for one in cpost.session_dir.rglob("*") if one.is_file()]
    secret = [one for one in kept if b"hush" in one.read_bytes()]
    assert {one.name for one in secret} <= {"stdout.log", "pipeline.yaml"}


def test_what_a_start_costs_is_kept_with_every_run_and_its_image_is_gone(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    images = {one["Id"] for one in engine_client.api.images(all=True)}
    result = cpost.profile(pipeline(operator("one", "exec true"), operator("two", "true")), payload)
    assert result["ended"].returncode == 0, result["ended"].stderr
    assert {one["Id"] for one in engine_client.api.images(all=True)} == images
    runs = [json.loads(one.read_text()) for one in cpost.session_dir.glob("*/run.json")]
    first, second = runs
    assert first["start_up"] == second["start_up"]
    # Whatever an operator does, the start is a part of it; but no two starts cost the same.
    for run in runs:
        assert 0 < run["start_up"]["cpu_usec"] < 10 * run["totals"]["cpu_usage_usec"]
        assert 0 < run["start_up"]["memory_peak_bytes"] < 10 * run["totals"]["memory_peak_bytes"]


def test_an_image_that_a_killed_cpost_left_behind_is_removed_by_the_next(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    def left() -> list[Any]:
        images: list[Any] = engine_client.api.images(filters={"label": "cpost.empty_image"})
        return images

    with empty_image(engine_client.api, empty_program("x86_64") or b""):
        assert len(left()) == 1
        cpost(pipeline(operator("one", "true")), payload)
        assert left() == []


def test_what_cpost_itself_used_and_what_the_machine_did_are_kept(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    cpost(pipeline(operator("burner", python(BURN_ONE_CPU_SECOND))), payload, "--interval", 0.05)
    session = read_session(cpost.session_dir)
    (run,) = session.runs
    assert session.own_use is not None
    assert session.own_use.samples == run.sample_count
    assert 0 < session.own_use.cpu_usec < session.own_use.wall_ns / 1000
    assert session.own_use.late_p50_ns is not None
    assert session.own_use.late_p99_ns is not None
    assert session.own_use.late_p50_ns <= session.own_use.late_p99_ns
    # What the operator burnt is a part of what all programs did; the kernel counts in ticks.
    assert run.result.host_use.busy_usec is not None
    assert run.result.totals.cpu_usage_usec is not None
    assert run.result.host_use.busy_usec >= 0.9 * run.result.totals.cpu_usage_usec


def test_an_interrupt_right_after_the_start_keeps_what_was_used_until_then(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    process = cpost.popen(pipeline(operator("slow", "exec sleep 60")), payload)
    deadline = time.monotonic() + 30
    # The engine says "running" before it has answered the request to start.
    while not engine_client.api.containers(filters={"label": "cpost.operator"}):
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    (run,) = read_session(cpost.session_dir).runs
    assert run.result.reason == "interrupted by SIGINT"
    assert run.result.totals.cpu_usage_usec
    assert run.result.totals.memory_peak_bytes
    assert engine_client.api.containers(all=True, filters={"label": "cpost.session"}) == []


def test_nothing_is_left_at_the_engine(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    process = cpost.popen(pipeline(operator("one", "true"), operator("two", "exit 3")), payload)
    process.communicate(timeout=60)
    left = engine_client.api.containers(all=True, filters={"label": "cpost.session"})
    assert left == []
    assert engine_client.api.networks(names=["cpost_net"]) == []
    # Another cpost, at another engine, may be at work on this machine: only its own count.
    assert list(Path("/sys/fs/cgroup").glob(f"**/*{process.pid}x*")) == []
