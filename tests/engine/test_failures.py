"""What goes wrong against a real engine, and that nothing is left of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def nothing_left(engine_client: Any) -> Iterator[None]:
    """Whatever a test does: no container and no network of cpost may outlive it."""
    yield
    deadline = time.monotonic() + 10
    while left_at(engine_client) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_at(engine_client) == []


def left_at(engine_client: Any) -> list[str]:
    api = engine_client.api
    containers = api.containers(all=True, filters={"label": "cpost.session"})
    networks = api.networks(filters={"label": "cpost.session"})
    return [one["Id"] for one in [*containers, *networks]]


def executing(engine_client: Any) -> str:
    """Wait until a container of cpost executes; return its id."""
    until(lambda: engine_client.api.containers(filters={"label": "cpost.operator"}))
    (container,) = engine_client.api.containers(filters={"label": "cpost.operator"})
    return str(container["Id"])


def until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def states(result: dict[str, Any]) -> list[str]:
    return [run["state"] for run in result["operators"]]


def test_cont_executes_the_others_and_says_that_their_input_is_of_a_failed_one(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    file = pipeline(
        operator("first", "exit 126", output=[{"path": "/output"}]),
        operator("second", "true", input=[{"from": "first", "path": "/input"}]),
    )
    result = cpost.profile(file, payload, "--force", "cont")
    assert states(result) == ["fail", "pass"]
    assert result["ended"].returncode == 6
    assert "Operator failed with exitcode is: 126" in result["ended"].stdout
    assert "Operator first failed with exitcode 126" in result["ended"].stdout
    assert "no recommendation: exit 126" in result["ended"].stdout
    assert any("first" in one for one in result["operators"][1]["warnings"])


@pytest.mark.parametrize("words", [("--force", "stop"), ()])
def test_stop_and_nobody_to_ask_skip_the_others(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, words: tuple[str, ...]
) -> None:
    result = cpost.profile(
        pipeline(operator("first", "exit 1"), operator("second", "true")), payload, *words
    )
    assert states(result) == ["fail", "skipped"]
    assert result["ended"].returncode == 6
    assert ("--force cont" in result["ended"].stderr) == (not words)


@pytest.mark.parametrize(("answer", "rows"), [("y", ["fail", "pass"]), ("n", ["fail", "skipped"])])
def test_a_person_at_a_terminal_is_asked(
    cpost: Any,
    pipeline: Any,
    payload: Path,
    operator: Any,
    tmp_path: Path,
    answer: str,
    rows: list[str],
) -> None:
    file = pipeline(operator("first", "exit 1"), operator("second", "true"))
    result = tmp_path / "result.json"
    words = ["-m", "cpost", str(file), str(payload), "--json", str(result)]
    child = pexpect.spawn(sys.executable, words, env=dict(cpost.environ), timeout=60)
    child.expect(r"Operator first failed \(exit 1\).*\[y/N\]")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 6
    assert states(json.loads(result.read_text())) == rows


def rows(samples: Path) -> list[str]:
    return samples.read_text().splitlines()[1:]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_removes_everything_and_keeps_what_was_measured(
    cpost: Any,
    pipeline: Any,
    payload: Path,
    operator: Any,
    engine_client: Any,
    number: signal.Signals,
) -> None:
    file = pipeline(operator("first", "true"), operator("second", "sleep 60"))
    process = cpost.popen(file, payload)
    until(lambda: any(rows(one) for one in cpost.record_dir.glob("*/002__second/samples.csv")))
    executing(engine_client)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number, err
    assert number.name in err
    assert out.count("first") >= 3  # its tables were printed before and after
    first, second = sorted(one for one in cpost.session_dir.iterdir() if one.is_dir())
    assert (first / "run.json").exists()
    run = json.loads((second / "run.json").read_text())
    assert (run["state"], run["reason"]) == ("error", f"interrupted by {number.name}")
    assert run["totals"]["memory_peak_bytes"] > 0
    assert "no recommendation: interrupted by" in out
    assert rows(second / "samples.csv")
    assert left_at(engine_client) == []


def test_what_a_killed_cpost_left_behind_is_removed_by_the_next(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    process = cpost.popen(pipeline(operator("long", "touch /output/x; sleep 60")), payload)
    left = executing(engine_client)
    process.kill()
    process.communicate()
    assert len(list(cpost.record_dir.glob("*/outputs-*/long"))) == 1
    result = cpost.profile(pipeline(operator("next", "true")), payload)
    assert result["ended"].returncode == 0, result["ended"].stderr
    assert left not in left_at(engine_client)
    assert list(cpost.record_dir.glob("*/outputs*")) == []


def test_a_second_cpost_is_told_who_holds_the_engine(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    file = pipeline(operator("long", "sleep 60"))
    process = cpost.popen(file, payload)
    executing(engine_client)
    second = cpost(file, payload)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130  # the first was not disturbed
    assert second.returncode == 4
    assert f"another cpost is at work at this engine: process {process.pid}" in second.stderr


def test_a_foreign_network_of_the_name_is_the_readmes_error(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    network = engine_client.api.create_network("cpost_net")
    try:
        ended = cpost(pipeline(operator("one", "true")), payload)
    finally:
        engine_client.api.remove_network(network["Id"])
    assert ended.returncode == 4
    assert "network with name cpost_net already exists" in ended.stderr
    assert "hint: docker network rm cpost_net" in ended.stderr


def test_an_oom_kill_is_told_with_what_to_try_next(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    grow = "import time; time.sleep(2); held = bytearray(b'x') * (300 << 20); time.sleep(60)"
    file = pipeline(operator("grower", f'exec python3 -c "{grow}"'))
    result: dict[str, Any] = {}
    thread = threading.Thread(target=lambda: result.update(cpost.profile(file, payload)))
    thread.start()
    limit = 64 << 20
    engine_client.api.update_container(
        executing(engine_client), mem_limit=limit, memswap_limit=limit
    )
    thread.join(60)
    (run,) = result["operators"]
    assert (run["state"], run["oom_killed"], run["exit_code"]) == ("fail", True, 137)
    assert run["recommendation"]["requests"] is None
    assert "MiB next" in result["ended"].stdout + result["ended"].stderr


def test_a_container_killed_by_hand_is_a_signal_and_no_oom(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    process = cpost.popen(pipeline(operator("victim", "exec sleep 60")), payload)
    engine_client.api.kill(executing(engine_client))
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 6
    assert "no recommendation: exit 137 (SIGKILL)" in out


def test_a_container_removed_by_hand_does_no_harm(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, engine_client: Any
) -> None:
    process = cpost.popen(pipeline(operator("victim", "exec sleep 60")), payload)
    engine_client.api.remove_container(executing(engine_client), force=True)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 6, err
    assert "Traceback" not in err
    assert "victim" in out


def test_an_operator_over_its_time_is_ended(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    began = time.monotonic()
    result = cpost.profile(
        pipeline(operator("slow", "exec sleep 60")), payload, "--timeout", 1, "--interval", 60
    )
    assert time.monotonic() - began < 20
    (run,) = result["operators"]
    assert run["state"] == "fail"
    assert run["duration_seconds"] == pytest.approx(1, abs=0.7)
    assert run["recommendation"]["reason"] == "no recommendation: timed out after 1 s"


def test_an_image_that_cannot_be_had_is_the_readmes_error_and_nothing_is_started(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    nowhere = {"image": "127.0.0.1:9/nowhere", "tag": "1"}
    file = pipeline(operator("fine", "true"), {"name": "bad", "container": nowhere})
    ended = cpost(file, payload)
    assert ended.returncode == 7
    assert "Docker pull command for `127.0.0.1:9/nowhere:1` returned with code 1" in ended.stderr
    assert "Please verify docker access and the pipeline definition" in ended.stderr
    assert "Executing Operator" not in ended.stdout


def test_pull_never_does_not_pull(cpost: Any, pipeline: Any, payload: Path, operator: Any) -> None:
    nowhere = {"image": "127.0.0.1:9/nowhere"}
    ended = cpost(pipeline({"name": "bad", "container": nowhere}), payload, "--pull", "never")
    assert ended.returncode == 7
    assert "--pull never forbids" in ended.stderr


def test_a_command_that_is_not_there_is_127_as_with_docker_run(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    broken = operator("broken", "")
    broken["container"]["command"] = ["/no/such/command"]
    result = cpost.profile(pipeline(broken, operator("fine", "true")), payload, "--force=cont")
    assert states(result) == ["error", "pass"]
    assert result["operators"][0]["exit_code"] == 127
    assert "/no/such/command" in result["ended"].stdout


def test_an_engine_that_goes_away_ends_the_session_with_what_was_measured(
    cpost: Any,
    pipeline: Any,
    payload: Path,
    operator: Any,
    engine_client: Any,
    tmp_path: Path,
) -> None:
    with EngineBehindProxy(tmp_path / "proxy.sock") as proxy:
        environ = {**cpost.environ, "DOCKER_HOST": f"unix://{proxy.path}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "cpost", pipeline(operator("long", "sleep 60")), payload],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        executing(engine_client)
        until(lambda: list(cpost.record_dir.glob("*/*/samples.csv")))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "stopped answering" in err
    assert "Traceback" not in err
    assert "no recommendation" in out
    # The next cpost, at the same engine, removes what this one could not.
    assert cpost(pipeline(operator("next", "true")), payload).returncode == 0


def test_a_start_that_is_not_confirmed_is_the_readmes_message_and_leaves_nothing(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, tmp_path: Path
) -> None:
    file = pipeline(operator("deaf", "true"))
    with EngineBehindProxy(tmp_path / "proxy.sock", swallowed=b"/start HTTP/") as proxy:
        environ = {**cpost.environ, "DOCKER_HOST": f"unix://{proxy.path}"}
        result = cpost.profile(file, payload, env=environ)
    assert result["ended"].returncode == 6
    assert "Obtaining docker ID timed out. Operator deaf failed" in result["ended"].stdout
    assert "Operator deaf failed with exitcode -15" in result["ended"].stdout
    assert (result["operators"][0]["state"], result["operators"][0]["exit_code"]) == ("error", -15)


def test_a_closed_pipe_does_not_end_the_measurement(
    cpost: Any, pipeline: Any, payload: Path, operator: Any
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = cpost(pipeline(operator("one", "true")), payload, stdout=writing)
    os.close(writing)
    assert ended.returncode == 10
    assert "stdout could not be written" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(cpost.session_dir.glob("*/run.json"))


class EngineBehindProxy:
    """A second socket to the engine that can be cut while the engine itself lives on.

    A request that holds ``swallowed`` is never passed on, so that it is never answered.
    """

    def __init__(self, path: Path, swallowed: bytes = b"nothing at all") -> None:
        self.path = path
        self._swallowed = swallowed
        self._engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        self._server = socket.socket(socket.AF_UNIX)
        self._open: list[socket.socket] = []

    def __enter__(self) -> EngineBehindProxy:
        self._server.bind(str(self.path))
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self.path.unlink()
        for one in self._open:
            one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._engine.removeprefix("unix://"))
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self._swallowed not in data:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
