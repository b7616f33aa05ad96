import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cpost.errors import MeasureError
from cpost.meter.clock import SystemClock
from cpost.meter.process_tree import ProcessTreeReader
from cpost.meter.sample import Rung, Sample

MIB = 1 << 20
TICKS_USEC = 20_000  # user and system time are told in ticks of 10 ms

# Says "ready" when it has done what is asked, and stays until its input ends.
HOLD = "print('ready', flush=True); import sys; sys.stdin.read()"
BURN = "import time\nwhile time.process_time() < 0.3: pass\n"


@contextmanager
def executing(program: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def sampled(pid: int) -> Sample:
    with ProcessTreeReader(pid, SystemClock()) as reader:
        sample = reader.sample()
    assert sample is not None
    return sample


def test_the_cpu_time_of_children_that_ended_is_counted() -> None:
    children = (
        f"import subprocess, sys\nfor _ in 'ab': subprocess.run([sys.executable, '-c', {BURN!r}])\n"
    )
    began_ns = time.monotonic_ns()
    with executing(children + HOLD) as process:
        used_usec = sampled(process.pid).cpu_usage_usec
    took_usec = (time.monotonic_ns() - began_ns) // 1000
    assert 600_000 - TICKS_USEC <= used_usec <= took_usec  # one after the other


def test_the_cpu_time_of_living_children_is_counted() -> None:
    child = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN + HOLD!r}])\n"
    with executing(child + "import sys; sys.stdin.read()") as process:  # the child says "ready"
        used_usec = sampled(process.pid).cpu_usage_usec
    assert used_usec >= 300_000 - TICKS_USEC


def test_what_is_held_is_counted() -> None:
    with executing(f"held = bytearray({64 * MIB})\n" + HOLD) as process:
        sample = sampled(process.pid)
    assert 64 * MIB <= sample.memory_bytes < 64 * MIB + 40 * MIB
    assert sample.pids == 1
    assert (sample.hard_bytes, sample.inactive_file_bytes) == (None, None)


def test_what_processes_share_is_counted_once() -> None:
    program = (
        f"import os\nheld = bytearray(b'x' * {64 * MIB})\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        os.read(0, 1); os._exit(0)\n"
    )
    with executing(program + HOLD) as process:
        sample = sampled(process.pid)
    assert sample.pids == 4
    assert 64 * MIB <= sample.memory_bytes < 2 * 64 * MIB


def test_one_that_was_seen_is_followed_when_its_parent_dies() -> None:
    program = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        os.read(0, 1)\n"
        "        while time.process_time() < 0.3: pass\n"
        "        print('burnt', flush=True)\n"
        "        os.read(0, 1); os._exit(0)\n"
        "    print('ready', flush=True)\n"
        "    os.read(0, 1); os._exit(0)\n"
        "os.wait()\n"
        "print('parent died', flush=True)\n"
        "time.sleep(60)\n"
    )
    with executing(program) as process, ProcessTreeReader(process.pid, SystemClock()) as reader:
        assert process.stdin is not None
        assert process.stdout is not None
        assert reader.sample() is not None
        process.stdin.write("ab")
        process.stdin.flush()
        said = {process.stdout.readline(), process.stdout.readline()}
        assert said == {"burnt\n", "parent died\n"}
        used_usec = reader.totals().cpu_usage_usec
    assert used_usec is not None
    assert used_usec >= 300_000 - TICKS_USEC


def test_a_zombie_has_totals_but_is_no_sample() -> None:
    with subprocess.Popen([sys.executable, "-c", BURN]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        reader = ProcessTreeReader(process.pid, SystemClock())
        assert reader.sample() is None
        totals = reader.totals()
    assert totals.cpu_usage_usec is not None
    assert totals.cpu_usage_usec >= 300_000 - TICKS_USEC
    assert totals.memory_peak_bytes is None


def test_totals_never_go_back_when_all_is_over() -> None:
    with subprocess.Popen([sys.executable, "-c", BURN]) as process:
        reader = ProcessTreeReader(process.pid, SystemClock())
        time.sleep(0.2)
        before = reader.totals().cpu_usage_usec
        process.wait()
        after = reader.totals().cpu_usage_usec
    assert before is not None
    assert after is not None
    assert after >= before > 0


def test_a_costly_reading_is_followed_by_a_rest() -> None:
    class SlowClock(SystemClock):
        """Every look at it takes a second."""

        def __init__(self) -> None:
            self.now_ns = 0

        def monotonic_ns(self) -> int:
            self.now_ns += 1_000_000_000
            return self.now_ns

    with executing(HOLD) as process:
        reader = ProcessTreeReader(process.pid, SlowClock())
        taken = [reader.sample() is not None for _ in range(12)]
    assert taken == [True] + [False] * 8 + [True] + [False] * 2


def test_the_notes_tell_the_weakness() -> None:
    with executing(HOLD) as process:
        reader = ProcessTreeReader(process.pid, SystemClock(), ("no parent cgroup v2: …",))
    assert reader.rung is Rung.PROCESS_TREE
    assert reader.notes[0].startswith("no parent cgroup")
    assert "page cache" in reader.notes[1]


def test_a_process_that_has_ended_cannot_be_attached_to() -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    with pytest.raises(MeasureError, match="has ended"):
        ProcessTreeReader(process.pid, SystemClock())
