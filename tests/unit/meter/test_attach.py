import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_cgroups import host_v1, host_v2, write_process, write_v1, write_v2

from cpost.errors import MeasureError
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.clock import SystemClock
from cpost.meter.port import Reader
from cpost.meter.sample import Rung, Totals
from cpost.meter.target import Target

CONTAINER = "0123456789abcdef"
TARGET = Target(pid=7, cgroup_name=CONTAINER, parent_cgroup="/cpost/t1")


def no_stats() -> Iterator[Mapping[str, Any]]:
    return iter(())


def attached(target: Target, host: CgroupHost | None) -> Reader:
    with attach(target, host, SystemClock()) as reader:
        return reader


def executing_v2(root: Path) -> CgroupHost:
    """A container that executes beneath its parent cgroup."""
    write_v2(root / "cpost" / "t1")
    write_v2(root / "cpost" / "t1" / CONTAINER, cpu__stat="usage_usec 9\nthrottled_usec 77\n")
    host = host_v2(root)
    write_process(host.proc, 7, f"0::/cpost/t1/{CONTAINER}\n")
    return host


def test_the_parent_cgroup_comes_first_with_the_containers_own_throttling(tmp_path: Path) -> None:
    with attach(TARGET, executing_v2(tmp_path), SystemClock()) as reader:
        assert (reader.rung, reader.notes) == (Rung.PARENT_CGROUP_V2, ())
        totals = reader.totals()
    assert (totals.cpu_usage_usec, totals.throttled_usec) == (1234567, 77)


def test_limits_are_the_containers_own_where_its_process_is_further_down(tmp_path: Path) -> None:
    host = executing_v2(tmp_path)
    # As crun has it: the quota is the container's, the process is in a cgroup beneath.
    write_v2(tmp_path / "cpost" / "t1" / CONTAINER / "container")
    write_process(host.proc, 7, f"0::/cpost/t1/{CONTAINER}/container\n")
    with attach(TARGET, host, SystemClock()) as reader:
        assert reader.totals().throttled_usec == 77


def test_a_container_that_has_ended_is_read_from_its_parent_cgroup(tmp_path: Path) -> None:
    write_v2(tmp_path / "cpost" / "t1")
    target = Target(pid=None, cgroup_name=CONTAINER, parent_cgroup="/cpost/t1")
    with attach(target, host_v2(tmp_path), SystemClock()) as reader:
        assert reader.rung is Rung.PARENT_CGROUP_V2
        totals = reader.totals()
    assert (totals.cpu_usage_usec, totals.throttled_usec) == (1234567, None)


def test_version_1_has_the_same_two_steps(tmp_path: Path) -> None:
    write_v1(tmp_path, "cpost/t1")
    write_v1(tmp_path, f"cpost/t1/{CONTAINER}")
    host = host_v1(tmp_path)
    lines = ["memory", "cpuacct", "cpu", "pids", "blkio"]
    write_process(host.proc, 7, "".join(f"1:{one}:/cpost/t1/{CONTAINER}\n" for one in lines))
    assert attached(TARGET, host).rung is Rung.PARENT_CGROUP_V1
    own = Target(pid=7, cgroup_name=CONTAINER)
    assert attached(own, host).rung is Rung.CONTAINER_CGROUP_V1


def test_without_a_parent_the_containers_own_cgroup_is_read(tmp_path: Path) -> None:
    reader = attached(Target(pid=7, cgroup_name=CONTAINER), executing_v2(tmp_path))
    assert reader.rung is Rung.CONTAINER_CGROUP_V2


def test_a_parent_that_the_engine_did_not_make_is_a_note_on_the_next_step(tmp_path: Path) -> None:
    host = executing_v2(tmp_path)
    target = Target(pid=7, cgroup_name=CONTAINER, parent_cgroup="/cpost/elsewhere")
    reader = attached(target, host)
    assert reader.rung is Rung.CONTAINER_CGROUP_V2
    assert reader.notes[0].startswith("no parent cgroup v2: there is no such cgroup")


def test_a_parent_whose_files_lack_a_key_is_a_note_that_names_it(tmp_path: Path) -> None:
    host = executing_v2(tmp_path)
    (tmp_path / "cpost" / "t1" / "cpu.stat").write_text("user_usec 1\n")
    reader = attached(TARGET, host)
    assert reader.rung is Rung.CONTAINER_CGROUP_V2
    assert "cpu.stat: no line 'usage_usec'" in reader.notes[0]


def test_a_process_number_that_is_somebody_elses_is_never_measured(tmp_path: Path) -> None:
    # The engine is in a virtual machine: its process 7 is not ours.
    host = host_v2(tmp_path)
    write_v2(tmp_path / "system.slice" / "cron")
    write_process(host.proc, 7, "0::/system.slice/cron\n")
    target = Target(pid=7, cgroup_name=CONTAINER, stats=no_stats)
    reader = attached(target, host)
    assert reader.rung is Rung.ENGINE_STATS
    assert reader.notes[0].startswith("no container cgroup v2")


def test_an_engine_elsewhere_has_only_its_statistics() -> None:
    target = Target(pid=7, cgroup_name=CONTAINER, parent_cgroup="/cpost/t1", stats=no_stats)
    assert attached(target, None).rung is Rung.ENGINE_STATS


def test_a_plain_process_in_a_cgroup_of_its_own_has_exact_totals(tmp_path: Path) -> None:
    write_v2(tmp_path / "cpost" / "t1", cpu__stat="usage_usec 9\nthrottled_usec 5\n")
    target = Target(pid=os.getpid(), parent_cgroup="/cpost/t1", process_tree=True)
    with attach(target, host_v2(tmp_path), SystemClock()) as reader:
        assert reader.rung is Rung.PARENT_CGROUP_V2
        assert reader.totals().throttled_usec == 5


def test_a_plain_process_without_a_cgroup_is_followed_by_its_tree() -> None:
    target = Target(pid=os.getpid(), process_tree=True)
    with attach(target, CgroupHost(None, {}, frozenset()), SystemClock()) as reader:
        assert reader.rung is Rung.PROCESS_TREE
        assert reader.sample() is not None


def test_one_that_ended_before_anything_could_be_read_is_no_error(tmp_path: Path) -> None:
    host = host_v2(tmp_path)
    with attach(Target(pid=None, cgroup_name=CONTAINER), host, SystemClock()) as reader:
        assert reader.sample() is None
        assert reader.totals() == Totals()
    assert reader.rung is Rung.CONTAINER_CGROUP_V2


def test_one_that_is_alive_and_cannot_be_measured_is_told_with_every_reason(
    tmp_path: Path,
) -> None:
    host = executing_v2(tmp_path)
    for folder in (tmp_path / "cpost" / "t1", tmp_path / "cpost" / "t1" / CONTAINER):
        (folder / "memory.current").unlink()
    with pytest.raises(MeasureError, match=r"no parent.*memory\.current.*no container") as told:
        attach(TARGET, host, SystemClock())
    assert "cpost doctor" in (told.value.hint or "")


def test_refused_steps_leave_nothing_open(tmp_path: Path) -> None:
    host = executing_v2(tmp_path)
    (tmp_path / "cpost" / "t1" / "memory.stat").write_text("anon 1\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert attached(TARGET, host).rung is Rung.CONTAINER_CGROUP_V2
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("file", ["cpu.stat", "memory.current", "memory.stat", "memory.peak"])
@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"usage_usec\n", b"-4\n"])
def test_a_vital_file_that_holds_nonsense_is_named_and_never_a_figure(
    tmp_path: Path, file: str, text: bytes
) -> None:
    host = executing_v2(tmp_path)
    for folder in (tmp_path / "cpost" / "t1", tmp_path / "cpost" / "t1" / CONTAINER):
        (folder / file).write_bytes(text)
    with pytest.raises(MeasureError, match=file.replace(".", r"\.")):
        attach(TARGET, host, SystemClock())


def test_nonsense_in_the_parents_files_alone_is_a_note_on_the_next_step(tmp_path: Path) -> None:
    host = executing_v2(tmp_path)
    (tmp_path / "cpost" / "t1" / "memory.peak").write_bytes(b"\xffnot a number")
    reader = attached(TARGET, host)
    assert reader.rung is Rung.CONTAINER_CGROUP_V2
    assert "memory.peak: not what a kernel writes" in reader.notes[0]
