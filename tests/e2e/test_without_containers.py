"""The installed command with the embedded engine: the main job on a machine without containers."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest


def operator(name: str, script: str, **fields: Any) -> dict[str, Any]:
    container = {"image": "any", "command": ["sh", "-c", script]}
    return {"name": name, "container": container, "input": [{"path": "/input"}], **fields}


@pytest.fixture
def process_cpost(cpost: Any) -> Any:
    def execute(*words: object, **options: Any) -> Any:
        return cpost.profile("--engine", "process", *words, **options)

    return execute


def test_outputs_are_handed_on_and_measured(
    process_cpost: Any, cpost: Any, pipeline: Any, payload: Path, tmp_path: Path
) -> None:
    file = pipeline(
        operator(
            "reader",
            'cp "$NVIDIA_CLARA_INPUT/one.txt" "$NVIDIA_CLARA_OUTPUT/two.txt"; '
            "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done",
            output=[{"path": "/output", "name": "copy"}],
        ),
        operator(
            "printer",
            'cat "$CPOST_INPUT_COPY/two.txt"',
            input=[{"from": "reader", "name": "copy", "path": "/input"}],
        ),
    )
    result = process_cpost(file, payload, "--metrics_dir", tmp_path / "m")
    assert result["ended"].returncode == 0, result["ended"].stderr
    assert "without any isolation" in result["ended"].stderr
    reader, printer = result["operators"]
    assert reader["state"] == printer["state"] == "pass"
    assert reader["cpu"]["total_seconds"] > 0
    assert reader["memory"]["peak_bytes"] > 0
    assert reader["meter"].startswith(("parent cgroup", "process tree"))
    (folder,) = cpost.session_dir.glob("002__printer")
    assert (folder / "stdout.log").read_text() == "one\n"
    assert (tmp_path / "m/reader_final_result.csv").exists()


def test_a_failure_is_told_with_its_exit_code(
    process_cpost: Any, pipeline: Any, payload: Path
) -> None:
    result = process_cpost(pipeline(operator("bad", "exit 126")), payload)
    assert result["ended"].returncode == 6
    assert result["operators"][0]["exit_code"] == 126


def test_an_operator_without_a_command_is_a_clear_error(
    process_cpost: Any, pipeline: Any, payload: Path
) -> None:
    file = pipeline({"name": "bare", "container": {"image": "any"}})
    result = process_cpost(file, payload)
    assert result["ended"].returncode == 6
    assert "command" in result["ended"].stdout + result["ended"].stderr
    assert "Traceback" not in result["ended"].stderr


def test_an_interrupt_ends_every_process_of_the_operator(
    cpost: Any, pipeline: Any, payload: Path, tmp_path: Path
) -> None:
    script = f"(setsid sleep 61 & echo $! > {tmp_path}/pid; sleep 62)"
    process = cpost.popen("--engine", "process", pipeline(operator("long", script)), payload)
    deadline = time.monotonic() + 20
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    stat = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_a_second_cpost_is_told_who_is_at_work(cpost: Any, pipeline: Any, payload: Path) -> None:
    file = pipeline(operator("long", "sleep 60"))
    first = cpost.popen("--engine", "process", file, payload)
    try:
        deadline = time.monotonic() + 20
        while not list(cpost.record_dir.glob("*/*/samples.csv")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        second = cpost("--engine", "process", file, payload)
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=30)
    assert second.returncode == 4
    assert str(first.pid) in second.stderr
    assert first.returncode == 143


def test_json_to_stdout_is_json_alone(cpost: Any, pipeline: Any, payload: Path) -> None:
    ended = cpost("--engine", "process", "--json", "-", pipeline(operator("one", "true")), payload)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["operators"][0]["name"] == "one"
    assert "Operator one Summary" in ended.stderr


def test_without_any_engine_the_hint_names_the_process_engine(
    cpost: Any, pipeline: Any, payload: Path, tmp_path: Path
) -> None:
    environ = {**cpost.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    ended = cpost(pipeline(operator("one", "true")), payload, env=environ)
    assert ended.returncode == 4
    assert "--engine process" in ended.stderr
