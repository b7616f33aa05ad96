"""What the kernel of this very machine tells, against what is known to have been used."""

import signal
import subprocess
from pathlib import Path

import pytest
from appetite import MIB, Appetite

from cpost.errors import MeasureError
from cpost.meter import cgroup_tree
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.clock import SystemClock
from cpost.meter.parent_cgroup import ParentCgroup, remove_leftovers
from cpost.meter.port import Reader
from cpost.meter.sample import Sample
from cpost.meter.target import Target

TOLERANCE_BYTES = 3 * MIB  # what Python itself takes and gives back between two stages


def read(reader: Reader) -> Sample:
    sample = reader.sample()
    assert sample is not None
    return sample


def is_alive(pid: int) -> bool:
    """Whether a process can still do anything; a zombie cannot."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def grown(reader: Reader, cgroup: ParentCgroup, program: str) -> tuple[int, int]:
    """How much hard and how much other memory a program holds after it has begun."""
    with Appetite(cgroup, f"stage()\n{program}\nstage()") as appetite:
        assert appetite.next() == "done"
        before = read(reader)
        assert appetite.next() == "done"
        after = read(reader)
        assert appetite.finish() == 0
    assert before.hard_bytes is not None
    assert after.hard_bytes is not None
    hard = after.hard_bytes - before.hard_bytes
    return hard, after.memory_bytes - before.memory_bytes - hard


def test_the_rung_is_exact_and_carries_no_doubts(reader: Reader) -> None:
    assert reader.rung.exact_totals
    assert reader.notes == ()


@pytest.mark.parametrize(
    "appetite",
    [
        "burn(0.4)",
        "for _ in range(10):\n    if os.fork() == 0: burn(0.04); os._exit(0)\n    os.wait()",
    ],
    ids=["one process", "short children"],
)
def test_cpu_time_is_what_the_program_itself_counts(
    reader: Reader, cgroup: ParentCgroup, appetite: str
) -> None:
    program = f"stage(used_usec())\n{appetite}\nstage(used_usec())"
    with Appetite(cgroup, program) as executed:
        before_usec = int(executed.next()) - read(reader).cpu_usage_usec
        own_usec = int(executed.next())
        cgroups_usec = read(reader).cpu_usage_usec
        assert executed.finish() == 0
    assert own_usec >= 400_000
    assert cgroups_usec + before_usec == pytest.approx(own_usec, abs=0.05 * own_usec)
    totals = reader.totals()
    assert totals.cpu_usage_usec is not None
    assert totals.cpu_user_usec is not None
    assert totals.cpu_system_usec is not None
    both_usec = totals.cpu_user_usec + totals.cpu_system_usec
    assert both_usec == pytest.approx(totals.cpu_usage_usec, abs=20_000)  # ticks of 10 ms each


def test_anonymous_memory_is_hard(reader: Reader, cgroup: ParentCgroup) -> None:
    hard, other = grown(reader, cgroup, "anonymous(64)")
    assert hard == pytest.approx(64 * MIB, abs=TOLERANCE_BYTES)
    assert other == pytest.approx(0, abs=TOLERANCE_BYTES)


def test_written_files_are_not_hard(reader: Reader, cgroup: ParentCgroup, tmp_path: Path) -> None:
    hard, other = grown(reader, cgroup, f"write_file({str(tmp_path / 'file')!r}, 64)")
    # Version 1 cannot tell the part of the kernel's own memory that it could take back.
    assert hard == pytest.approx(0, abs=TOLERANCE_BYTES)
    assert other == pytest.approx(64 * MIB, abs=TOLERANCE_BYTES)
    peak = reader.totals().memory_peak_bytes
    assert peak is not None
    assert peak >= 64 * MIB


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no tmpfs at /dev/shm")
def test_files_on_tmpfs_are_hard(reader: Reader, cgroup: ParentCgroup) -> None:
    path = f"/dev/shm/{cgroup.name.rpartition('/')[2]}"
    try:
        hard, other = grown(reader, cgroup, f"write_file({path!r}, 32)")
    finally:
        Path(path).unlink()
    assert hard == pytest.approx(32 * MIB, abs=TOLERANCE_BYTES)
    assert other == pytest.approx(0, abs=TOLERANCE_BYTES)


def test_locked_anonymous_memory_is_counted_once(reader: Reader, cgroup: ParentCgroup) -> None:
    hard, _ = grown(reader, cgroup, "lock(anonymous(32))")
    assert hard == pytest.approx(32 * MIB, abs=TOLERANCE_BYTES)


def test_locked_file_memory_is_hard(reader: Reader, cgroup: ParentCgroup, tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    program = (
        f"write_file({path!r}, 32)\n"
        f"file = open({path!r}, 'r+b')\n"
        "held.append(mmap.mmap(file.fileno(), 32 * MIB)); lock(held[0])"
    )
    hard, _ = grown(reader, cgroup, program)
    assert hard == pytest.approx(32 * MIB, abs=TOLERANCE_BYTES)


def test_a_spike_that_no_sample_sees_is_in_the_peak(reader: Reader, cgroup: ParentCgroup) -> None:
    with Appetite(cgroup, "stage()\nanonymous(200).close()\nstage()") as appetite:
        appetite.next()
        seen = [read(reader).memory_bytes]
        appetite.next()
        seen.append(read(reader).memory_bytes)
        assert appetite.finish() == 0
    peak = reader.totals().memory_peak_bytes
    assert peak is not None
    assert peak >= 200 * MIB
    assert max(seen) < 100 * MIB


def test_threads_are_counted(reader: Reader, cgroup: ParentCgroup) -> None:
    program = (
        "import threading\n"
        "for _ in range(3): threading.Thread(target=time.sleep, args=[60], daemon=True).start()\n"
        "stage()"
    )
    with Appetite(cgroup, program) as appetite:
        assert appetite.next() == "done"
        assert read(reader).pids == 4
        assert appetite.finish() == 0
    assert read(reader).pids == 0


def test_what_ended_in_milliseconds_is_measured_every_time(host: CgroupHost, token: str) -> None:
    for number in range(20):
        cgroup = ParentCgroup(f"{token}x{number}", driver="cgroupfs", host=host)
        cgroup.make()
        with subprocess.Popen(
            ["sh", "-c", "read -r _ && exec true"], stdin=subprocess.PIPE
        ) as process:
            cgroup.add(process.pid)
            process.communicate(b"\n")
        target = Target(pid=None, parent_cgroup=cgroup.name, process_tree=True)
        with attach(target, host, SystemClock()) as reader:
            totals = reader.totals()
        assert reader.rung.exact_totals
        assert totals.cpu_usage_usec is not None
        assert totals.cpu_usage_usec > 0
        assert totals.memory_peak_bytes is not None
        assert totals.memory_peak_bytes > 0
        assert cgroup.remove()


def test_a_cgroup_that_is_gone_gives_no_sample_and_its_last_totals(
    host: CgroupHost, token: str
) -> None:
    cgroup = ParentCgroup(token, driver="cgroupfs", host=host)
    cgroup.make()
    target = Target(pid=None, parent_cgroup=cgroup.name, process_tree=True)
    with attach(target, host, SystemClock()) as reader:
        with Appetite(cgroup, "burn(0.05)") as appetite:
            assert appetite.finish() == 0
        last = read(reader)
        assert cgroup.remove()
        assert reader.sample() is None
        assert reader.totals().cpu_usage_usec == last.cpu_usage_usec > 0


def test_the_containers_own_counters_stay_known_once_its_cgroup_is_gone(
    host: CgroupHost, cgroup: ParentCgroup
) -> None:
    inner = "0123456789abcdef"
    places = set(cgroup.directories().values())
    for place in places:
        if host.version == 2:
            cgroup_tree.delegate(place)
        (place / inner).mkdir()
    with subprocess.Popen(["sleep", "60"]) as process:
        for place in places:
            cgroup_tree.write(place / inner / "cgroup.procs", str(process.pid))
        target = Target(process.pid, cgroup_name=inner, parent_cgroup=cgroup.name)
        with attach(target, host, SystemClock()) as reader:
            process.kill()
            process.wait()
            before = reader.sample()
            for place in places:
                (place / inner).rmdir()
            after = reader.sample()
            totals = reader.totals()
    assert before is not None
    assert after is not None
    assert before.throttled_usec == after.throttled_usec == totals.throttled_usec == 0
    assert totals.oom_kills == 0


def test_ending_it_ends_also_what_cut_loose(cgroup: ParentCgroup) -> None:
    program = (
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"
        "    signal = __import__('signal'); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    print(os.getpid(), flush=True); time.sleep(600)\n"
        "os.wait(); time.sleep(600)"
    )
    with Appetite(cgroup, program) as appetite:
        daemon = int(appetite.next())
        assert is_alive(daemon)
        assert cgroup.kill()
        assert appetite.process.wait() == -signal.SIGKILL
    assert not is_alive(daemon)


def test_what_a_dead_run_left_is_ended_and_removed_and_nothing_else(
    host: CgroupHost, cgroup: ParentCgroup, token: str
) -> None:
    dead = ParentCgroup(f"{token}dead", driver="cgroupfs", host=host)
    dead.make()
    with Appetite(dead, "time.sleep(600)") as left, Appetite(cgroup, "time.sleep(600)") as living:
        remove_leftovers(host, lambda one: one != f"{token}dead")
        assert left.process.wait() == -signal.SIGKILL
        assert living.process.poll() is None
    assert dead.directories() == {}
    assert cgroup.directories() != {}


def test_one_cannot_be_made_over_another(
    host: CgroupHost, cgroup: ParentCgroup, token: str
) -> None:
    with pytest.raises(MeasureError, match="File exists"):
        ParentCgroup(token, driver="cgroupfs", host=host).make()
    assert cgroup.directories() != {}


def test_a_process_that_is_not_there_cannot_be_moved(cgroup: ParentCgroup) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    with pytest.raises(MeasureError, match=f"process {process.pid} cannot be moved"):
        cgroup.add(process.pid)
