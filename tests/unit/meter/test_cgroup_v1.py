from collections.abc import Mapping
from pathlib import Path

import pytest
from fake_cgroups import write_v1

from cpost.errors import MeasureError
from cpost.meter.cgroup_v1 import CgroupV1
from cpost.meter.sample import Sample, Totals


def read(
    directories: Mapping[str, Path], own: Mapping[str, Path] | None = None
) -> tuple[Sample, Totals]:
    counters = CgroupV1(directories, directories if own is None else own)
    try:
        counters.read_facts()
        return counters.sample(at_ns=1, wall_ns=2), counters.totals()
    finally:
        counters.close()


def test_every_figure_comes_from_its_file_children_included(tmp_path: Path) -> None:
    sample, totals = read(write_v1(tmp_path, "c"))
    assert sample == Sample(
        at_ns=1,
        wall_ns=2,
        cpu_usage_usec=1234567,
        memory_bytes=450000000,
        inactive_file_bytes=300000000,
        hard_bytes=104857600 + 20971520 + 3000000,  # rss + shmem + the kernel's own
        throttled_usec=2500,
        pids=7,
        io_read_bytes=12288,
        io_write_bytes=1500,
        memory_peak_bytes=500000000,
    )
    assert totals == Totals(
        cpu_usage_usec=1234567,
        cpu_user_usec=1000000,
        cpu_system_usec=230000,
        memory_peak_bytes=500000000,
        oom_kills=3,
        throttled_usec=2500,
        io_read_bytes=12288,
        io_write_bytes=1500,
        memory_limit_hits=6,
        throttled_periods=4,
        swap_peak_bytes=8192,
        pids_peak=9,
    )


def test_oom_kills_and_throttled_time_are_the_containers_own(tmp_path: Path) -> None:
    parent = write_v1(tmp_path, "p")
    own = write_v1(tmp_path, "p/c")
    (own["memory"] / "memory.oom_control").write_text("under_oom 0\noom_kill 1\n")
    (own["cpu"] / "cpu.stat").write_text("throttled_time 9000\n")
    totals = read(parent, own)[1]
    assert (totals.oom_kills, totals.throttled_usec) == (1, 9)


def test_without_the_containers_own_cgroup_they_are_not_known(tmp_path: Path) -> None:
    totals = read(write_v1(tmp_path, "p"), own={})[1]
    assert (totals.oom_kills, totals.throttled_usec) == (None, None)


def test_before_the_recursive_file_io_is_the_containers_own(tmp_path: Path) -> None:
    parent = write_v1(tmp_path, "p")
    own = write_v1(tmp_path, "p/c")
    (parent["blkio"] / "blkio.throttle.io_service_bytes_recursive").unlink()
    (own["blkio"] / "blkio.throttle.io_service_bytes").write_text("8:0 Read 11\n8:0 Write 22\n")
    sample = read(parent, own)[0]
    assert (sample.io_read_bytes, sample.io_write_bytes) == (11, 22)


def test_controllers_that_are_not_mounted_give_none_and_not_zero(tmp_path: Path) -> None:
    directories = write_v1(tmp_path, "c")
    for controller in ("pids", "blkio", "cpu"):
        del directories[controller]
    sample = read(directories)[0]
    assert (sample.pids, sample.io_read_bytes, sample.throttled_usec) == (None, None, None)


def test_a_parent_that_does_not_count_its_children_is_refused(tmp_path: Path) -> None:
    parent = write_v1(tmp_path, "p")
    (parent["memory"] / "memory.use_hierarchy").write_text("0\n")
    with pytest.raises(MeasureError, match=r"memory\.use_hierarchy: is 0"):
        CgroupV1(parent, {})


def test_hard_memory_is_never_more_than_all_memory(tmp_path: Path) -> None:
    directories = write_v1(tmp_path, "c")
    (directories["memory"] / "memory.usage_in_bytes").write_text("1000\n")
    assert read(directories)[0].hard_bytes == 1000


def test_limits_are_the_tightest_of_the_containers_and_its_parents(tmp_path: Path) -> None:
    parent = write_v1(tmp_path, "p")
    own = write_v1(tmp_path, "p/c")
    assert read(parent, own)[1].memory_limit_bytes is None
    assert read(parent, own)[1].cpu_limit_mcores is None
    (own["memory"] / "memory.limit_in_bytes").write_text("2000\n")
    (parent["memory"] / "memory.limit_in_bytes").write_text("1000\n")
    (own["cpu"] / "cpu.cfs_quota_us").write_text("25000\n")
    totals = read(parent, own)[1]
    assert (totals.memory_limit_bytes, totals.cpu_limit_mcores) == (1000, 250)


def test_memory_parts_come_from_the_containers_own_cgroup_while_it_lives(tmp_path: Path) -> None:
    parent = write_v1(tmp_path, "p")
    own = write_v1(tmp_path, "p/c")
    text = (parent["memory"] / "memory.stat").read_text()
    stale = text.replace("total_inactive_file 300000000", "total_inactive_file 0")
    (parent["memory"] / "memory.stat").write_text(stale)
    assert read(parent, own)[0].inactive_file_bytes == 300000000
    assert read(parent, own={})[0].inactive_file_bytes == 0


def test_a_container_that_is_gone_already_is_told_by_its_parent(tmp_path: Path) -> None:
    parent = write_v1(tmp_path, "parent")
    own = {controller: directory / "gone" for controller, directory in parent.items()}
    assert read(parent, own)[0].hard_bytes == read(parent, {})[0].hard_bytes
