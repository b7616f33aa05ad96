import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cpost.engine.descendants import descendants
from cpost.engine.port import (
    ContainerExit,
    ContainerSpec,
    Mount,
    MountRole,
    PullPolicy,
    StartFailedError,
    StartTimeoutError,
)
from cpost.engine.process_engine import ProcessEngine
from cpost.errors import EngineBusyError
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import CgroupHost, Hierarchy, cgroup_host
from cpost.meter.clock import SystemClock
from cpost.meter.parent_cgroup import parent_cgroup_refusal
from cpost.meter.sample import Rung, Totals

NO_CGROUPS = CgroupHost(None, {}, frozenset())


@pytest.fixture(params=["cgroup", "process tree"])
def host(request: pytest.FixtureRequest) -> CgroupHost:
    if request.param == "process tree":
        return NO_CGROUPS
    host = cgroup_host()
    refusal = parent_cgroup_refusal(driver="cgroupfs", host=host)
    if refusal is not None:
        pytest.skip(f"no cgroup can be made here: {refusal} (try as root)")
    return host


@pytest.fixture(autouse=True)
def _own_runtime_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def engine(host: CgroupHost) -> Iterator[ProcessEngine]:
    """An engine that must have left nothing behind when the test is over."""
    before = descendants()
    engine = ProcessEngine(host)
    with engine.exclusive("session"):
        yield engine
    assert descendants() == before
    for hierarchy in host.hierarchies.values():
        assert list(hierarchy.mount_point.glob(f"cpost/{os.getpid()}x*")) == []


@dataclass
class Execution:
    exit: ContainerExit
    totals: Totals
    rung: Rung
    printed: dict[str, bytes] = field(default_factory=dict)


def spec(*words: str, **environment: str) -> ContainerSpec:
    return ContainerSpec("cpost-name", "no/image:1", command=words or None, environment=environment)


def execute(engine: ProcessEngine, host: CgroupHost, what: ContainerSpec) -> Execution:
    printed: dict[str, bytes] = defaultdict(bytes)

    def sink(stream: str, data: bytes) -> None:
        printed[stream] += data

    with engine.container(what, sink) as container:
        target = container.start(15)
        with attach(target, host, SystemClock()) as reader:
            exit_ = container.wait()
            totals = reader.totals()
    return Execution(exit_, totals, reader.rung, printed)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_what_it_prints_and_its_exit_code_come_back(
    engine: ProcessEngine, host: CgroupHost
) -> None:
    done = execute(engine, host, spec("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert done.exit.exit_code == 3
    assert done.printed == {"stdout": b"out\n", "stderr": b"err\n"}


def test_a_death_by_signal_is_128_and_its_number(engine: ProcessEngine, host: CgroupHost) -> None:
    assert execute(engine, host, spec("sh", "-c", "kill -TERM $$")).exit.exit_code == 143


def test_it_is_measured_by_its_own_cgroup_where_one_can_be_made(
    engine: ProcessEngine, host: CgroupHost
) -> None:
    program = "import time\nwhile time.process_time() < 0.4: pass"
    done = execute(engine, host, spec(sys.executable, "-c", program))
    assert done.rung.exact_totals == (host.version is not None)
    assert done.totals.cpu_usage_usec is not None
    assert done.exit.started_ns is not None
    assert done.exit.finished_ns is not None
    took_usec = (done.exit.finished_ns - done.exit.started_ns) // 1000
    # A process tree's account holds the start as well, before the operator's first instruction.
    before_usec = 0 if done.rung.exact_totals else 200_000
    # What its process used before it was moved into the cgroup it counts itself, the cgroup not.
    assert 300_000 <= done.totals.cpu_usage_usec <= took_usec + before_usec
    assert (done.totals.memory_peak_bytes is None) == (host.version is None)


def test_its_times_are_those_of_the_operator(engine: ProcessEngine, host: CgroupHost) -> None:
    before_ns = time.time_ns()
    done = execute(engine, host, spec("sleep", "0.3")).exit
    assert done.started_ns is not None
    assert done.finished_ns is not None
    assert before_ns < done.started_ns
    assert 0.3e9 <= done.finished_ns - done.started_ns < 0.5e9


def test_words_and_variables_arrive_as_they_are(engine: ProcessEngine, host: CgroupHost) -> None:
    program = "import os, sys; print(sys.argv[1:], os.environ['a.b-c'], os.environ['ODD'])"
    what = spec(sys.executable, "-c", program, "", "a  b\n'c'", **{"a.b-c": "x=y", "ODD": "ä\n"})
    done = execute(engine, host, what)
    assert done.printed["stdout"].decode() == "['', \"a  b\\n'c'\"] x=y ä\n\n"


def test_variables_of_this_machine_are_there_and_the_definitions_win(
    engine: ProcessEngine, host: CgroupHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_HERE", "1")
    monkeypatch.setenv("FROM_BOTH", "1")
    done = execute(engine, host, spec("sh", "-c", "echo $FROM_HERE $FROM_BOTH", FROM_BOTH="2"))
    assert done.printed["stdout"] == b"1 2\n"


def test_the_entrypoint_comes_before_the_command(engine: ProcessEngine, host: CgroupHost) -> None:
    done = execute(engine, host, replace(spec("a", "b"), entrypoint=("echo", "first")))
    assert done.printed["stdout"] == b"first a b\n"


def test_it_finds_its_folders_in_variables(
    engine: ProcessEngine, host: CgroupHost, tmp_path: Path
) -> None:
    def mount(role: MountRole, target: str, name: str | None = None) -> Mount:
        return Mount(tmp_path / target.strip("/"), target, False, role, name)

    what = replace(
        spec("env"),
        mounts=(
            mount(MountRole.INPUT, "/input", "seg-mask 1"),
            mount(MountRole.INPUT, "/dicom/"),
            mount(MountRole.OUTPUT, "/out"),
            mount(MountRole.OUTPUT, "/publish", "rendering"),
        ),
    )
    told = dict(
        line.split("=", 1)
        for line in execute(engine, host, what).printed["stdout"].decode().splitlines()
        if line.startswith(("NVIDIA_CLARA_", "CPOST_INPUT", "CPOST_OUTPUT"))
    )
    assert told == {
        "NVIDIA_CLARA_INPUT": f"{tmp_path}/input",
        "NVIDIA_CLARA_OUTPUT": f"{tmp_path}/out",
        "CPOST_INPUT_SEG_MASK_1": f"{tmp_path}/input",
        "CPOST_INPUT_DICOM": f"{tmp_path}/dicom",
        "CPOST_OUTPUT_OUT": f"{tmp_path}/out",
        "CPOST_OUTPUT_RENDERING": f"{tmp_path}/publish",
    }


def test_its_input_is_empty_and_it_cannot_reach_the_terminal(
    engine: ProcessEngine, host: CgroupHost
) -> None:
    done = execute(engine, host, spec("sh", "-c", "cat; : </dev/tty"))
    assert done.exit.exit_code != 0
    assert b"tty" in done.printed["stderr"]
    assert "stdout" not in done.printed


def test_it_dies_by_a_broken_pipe_as_programs_do(engine: ProcessEngine, host: CgroupHost) -> None:
    ignored = "sh", "-c", "grep SigIgn /proc/self/status"
    mask = int(execute(engine, host, spec(*ignored)).printed["stdout"].split()[1], 16)
    assert not mask & 1 << (signal.SIGPIPE - 1)  # Python ignores it, and that is inherited


def test_much_output_arrives_whole_through_a_slow_sink(
    engine: ProcessEngine, host: CgroupHost
) -> None:
    count = 0

    def sink(_stream: str, data: bytes) -> None:
        nonlocal count
        count += len(data)
        time.sleep(0.001)

    with engine.container(spec("head", "-c", "20000000", "/dev/zero"), sink) as container:
        container.start(15)
        assert container.wait().exit_code == 0
    assert count == 20_000_000


def test_no_command_is_told_with_what_to_do(engine: ProcessEngine) -> None:
    with (
        pytest.raises(StartFailedError, match="no/image:1 says what to execute") as told,
        engine.container(spec(), lambda *_: None),
    ):
        pass
    assert told.value.container_exit_code == 127
    assert "container.command" in (told.value.hint or "")


@pytest.mark.parametrize(
    ("content", "mode", "code", "words"),
    [
        (None, 0, 127, "No such file"),
        ("#!/bin/sh\n", 0o644, 126, "Permission denied"),
        ("neither script nor program\n", 0o755, 126, "Exec format error"),
        ("#!/no/such/interpreter\n", 0o755, 127, "No such file"),
    ],
)
def test_what_cannot_be_executed_is_told_with_the_shells_exit_code(
    engine: ProcessEngine, tmp_path: Path, content: str | None, mode: int, code: int, words: str
) -> None:
    program = tmp_path / "program"
    if content is not None:
        program.write_text(content)
        program.chmod(mode)
    with (
        engine.container(spec(str(program)), lambda *_: None) as container,
        pytest.raises(StartFailedError, match=words) as told,
    ):
        container.start(15)
    assert told.value.container_exit_code == code
    assert str(program) in str(told.value)


def test_a_start_that_is_not_confirmed_in_time_is_told(engine: ProcessEngine) -> None:
    with (
        engine.container(spec("true"), lambda *_: None) as container,
        pytest.raises(StartTimeoutError),
    ):
        container.start(0)


def test_what_it_leaves_executing_is_ended_with_it(engine: ProcessEngine, host: CgroupHost) -> None:
    program = (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(600)\n"
        "os.wait(); time.sleep(0.3)\n"
    )
    began = time.monotonic()
    done = execute(engine, host, spec(sys.executable, "-c", program))
    assert done.exit.exit_code == 0
    assert not is_alive(int(done.printed["stdout"]))
    assert time.monotonic() - began < 5  # its hold on the output did not matter


def test_it_can_be_ended_from_another_thread_and_more_than_once(engine: ProcessEngine) -> None:
    with engine.container(spec("sh", "-c", "sleep 600 & sleep 600"), lambda *_: None) as container:
        container.start(15)
        threading.Timer(0.1, container.kill).start()
        assert container.wait().exit_code == 137
        container.kill()


def test_an_error_in_the_block_leaves_nothing_executing(engine: ProcessEngine) -> None:
    pids: list[int | None] = []

    def fail() -> None:
        with engine.container(spec("sleep", "600"), lambda *_: None) as container:
            pids.append(container.start(15).pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert pids[0] is not None
    assert not is_alive(pids[0])


def test_other_children_of_this_process_are_left_alone(engine: ProcessEngine) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        with engine.container(spec("sleep", "600"), lambda *_: None) as container:
            container.start(15)
        assert other.poll() is None
        other.kill()


def test_a_cgroup_that_turns_out_useless_gives_way_to_the_process_tree(tmp_path: Path) -> None:
    # Folders that can be made, but no process can be put into them.
    hierarchies = {name: Hierarchy(tmp_path / name) for name in ("memory", "cpuacct")}
    for hierarchy in hierarchies.values():
        hierarchy.mount_point.mkdir()
    host = CgroupHost(1, hierarchies, frozenset(hierarchies))
    engine = ProcessEngine(host)
    with engine.exclusive("session"):
        done = execute(engine, host, spec("sleep", "0.2"))
    assert (done.exit.exit_code, done.rung) == (0, Rung.PROCESS_TREE)
    assert list((tmp_path / "memory").iterdir()) == []


def test_a_second_session_is_told_who_holds_the_engine_and_since_when(
    engine: ProcessEngine, host: CgroupHost
) -> None:
    with (
        pytest.raises(EngineBusyError, match=rf"process {os.getpid()} of .*, since 20") as told,
        ProcessEngine(host).exclusive("other"),
    ):
        pass
    assert f"kill {os.getpid()}" in (told.value.hint or "")


def test_the_lock_goes_with_its_holder() -> None:
    for session in ("one", "two"):
        with ProcessEngine(NO_CGROUPS).exclusive(session):
            pass


def test_it_says_that_there_is_no_isolation(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), ProcessEngine(NO_CGROUPS).exclusive("one"):
        assert "without any isolation" in caplog.text


def test_it_has_no_network_needs_no_image_and_tells_what_it_is() -> None:
    engine = ProcessEngine(NO_CGROUPS)
    info = engine.info()
    image = engine.provide_image("no/image:1", PullPolicy.ALWAYS, pytest.fail)
    assert (info.local, info.cgroup_driver, engine.network) == (True, None, None)
    assert (image.id, image.digest, image.architecture) == ("", None, info.architecture)


def test_a_tree_is_removed_and_a_missing_one_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "outputs" / "one").mkdir(parents=True)
    engine = ProcessEngine(NO_CGROUPS)
    engine.remove_tree(tmp_path / "outputs")
    engine.remove_tree(tmp_path / "outputs")
    assert not (tmp_path / "outputs").exists()


INTERRUPTED = """
import signal, sys
from cpost.engine.port import ContainerSpec
from cpost.engine.process_engine import ProcessEngine
from cpost.meter.cgroup_host import CgroupHost, cgroup_host

seen = False
def interrupt(number, frame):
    global seen
    if not seen:
        seen = True
        raise KeyboardInterrupt

host = cgroup_host() if sys.argv[1] == "cgroup" else CgroupHost(None, {}, frozenset())
engine = ProcessEngine(host)
signal.signal(signal.SIGINT, interrupt)
try:
    print("ready", flush=True)
    with engine.exclusive("session"):
        while True:
            with engine.container(ContainerSpec("n", "i", ("sh", "-c", "sleep 333 & sleep 0.01")),
                                  lambda *_: None) as container:
                container.start(15)
                container.wait()
except KeyboardInterrupt:
    pass
"""


@pytest.mark.parametrize("delay_ms", range(0, 100, 13))
def test_an_interrupt_at_any_moment_leaves_nothing(
    host: CgroupHost, tmp_path: Path, delay_ms: int
) -> None:
    kind = "process tree" if host.version is None else "cgroup"
    environ = {**os.environ, "CPOST_TEST_MARK": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay_ms / 1000)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    assert marked_processes(str(tmp_path)) == []
    for hierarchy in host.hierarchies.values():
        assert list(hierarchy.mount_point.glob(f"cpost/{process.pid}x*")) == []


def marked_processes(mark: str) -> list[str]:
    """The command lines of what still carries a mark in its environment, a moment later."""
    give_up_at = time.monotonic() + 2
    while True:
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_text())
            except OSError:
                continue
        if not found or time.monotonic() > give_up_at:
            return found
        time.sleep(0.02)
