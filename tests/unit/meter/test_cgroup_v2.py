from pathlib import Path

import pytest
from fake_cgroups import MEMORY_STAT_5_10, MEMORY_STAT_6_1, write_v2

from cpost.errors import MeasureError
from cpost.meter.cgroup_v2 import CgroupV2
from cpost.meter.sample import Sample, Totals

MIB = 1 << 20


def read(directory: Path, own: Path | None = None) -> tuple[Sample, Totals]:
    counters = CgroupV2(directory, own)
    try:
        counters.read_facts()
        return counters.sample(at_ns=1, wall_ns=2), counters.totals()
    finally:
        counters.close()


def hard_bytes(tmp_path: Path, **changed: int) -> int | None:
    """The hard memory if lines of memory.stat had other numbers."""
    lines = dict(line.split() for line in MEMORY_STAT_6_1.splitlines())
    lines.update({key: str(value) for key, value in changed.items()})
    text = "".join(f"{key} {value}\n" for key, value in lines.items())
    return read(write_v2(tmp_path / "changed", memory__stat=text))[0].hard_bytes


def test_every_figure_of_a_kernel_6_1_comes_from_its_file(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c")
    sample, totals = read(directory, own=directory)
    assert sample == Sample(
        at_ns=1,
        wall_ns=2,
        cpu_usage_usec=1234567,
        memory_bytes=450000000,
        inactive_file_bytes=300000000,
        # anonymous, tmpfs, the kernel's own less what it can take back, sockets
        hard_bytes=104857600 + 20971520 + (6291456 - 4194304) + 4096,
        throttled_usec=0,
        pids=7,
        io_read_bytes=12288,
        io_write_bytes=1500,
        memory_peak_bytes=500000000,
    )
    assert totals == Totals(
        cpu_usage_usec=1234567,
        cpu_user_usec=1000000,
        cpu_system_usec=234567,
        memory_peak_bytes=500000000,
        oom_kills=2,
        throttled_usec=0,
        io_read_bytes=12288,
        io_write_bytes=1500,
        memory_limit_hits=12,
        throttled_periods=0,
        swap_peak_bytes=65536,
        cpu_some_usec=11,
        memory_some_usec=21,
        memory_full_usec=22,
        io_some_usec=31,
        io_full_usec=32,
        pids_peak=9,
    )


def test_an_older_kernels_own_memory_is_added_up_from_what_it_tells(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c", memory__stat=MEMORY_STAT_5_10, memory__peak=None)
    sample, totals = read(directory)
    assert sample.hard_bytes == 104857600 + 20971520 + (1048576 + 65536 + 1024) + 4096
    assert totals.memory_peak_bytes is None


def test_locked_anonymous_memory_is_not_counted_twice(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c")
    plain = read(directory)[0].hard_bytes
    assert hard_bytes(tmp_path, unevictable=100 * MIB, inactive_anon=20 * MIB) == plain


def test_locked_file_memory_is_hard(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c")
    plain = read(directory)[0].hard_bytes
    assert plain is not None
    locked = 50 * MIB
    assert (
        hard_bytes(tmp_path, unevictable=locked, inactive_file=300000000 - locked) == plain + locked
    )


def test_file_pages_between_two_lists_are_not_taken_for_locked(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c")
    plain = read(directory)[0].hard_bytes
    assert hard_bytes(tmp_path, inactive_file=300000000 - 60 * 4096) == plain


def test_hard_memory_is_never_more_than_all_memory(tmp_path: Path) -> None:
    # memory.stat is collected with some delay, memory.current is not.
    directory = write_v2(tmp_path / "c", memory__current="1000\n")
    assert read(directory)[0].hard_bytes == 1000


def test_controllers_that_are_off_give_none_and_not_zero(tmp_path: Path) -> None:
    directory = write_v2(
        tmp_path / "c",
        pids__current=None,
        io__stat=None,
        memory__events=None,
        cpu__stat="usage_usec 1\n",
    )
    sample, totals = read(directory, own=directory)
    assert (sample.pids, sample.io_read_bytes, sample.io_write_bytes) == (None, None, None)
    assert (sample.throttled_usec, totals.oom_kills, totals.cpu_user_usec) == (None, None, None)


def test_throttled_time_is_the_containers_own_and_not_the_parents(tmp_path: Path) -> None:
    parent = write_v2(tmp_path / "p")
    own = write_v2(tmp_path / "p" / "c", cpu__stat="usage_usec 1\nthrottled_usec 5380000\n")
    sample, totals = read(parent, own)
    assert (sample.throttled_usec, totals.throttled_usec) == (5380000, 5380000)
    assert read(parent, own=None)[0].throttled_usec is None


@pytest.mark.parametrize("missing", ["cpu.stat", "memory.current", "memory.stat"])
def test_without_cpu_time_or_memory_nothing_is_measured(tmp_path: Path, missing: str) -> None:
    directory = write_v2(tmp_path / "c", **{missing.replace(".", "__"): None})
    with pytest.raises(MeasureError, match=missing):
        CgroupV2(directory, None)


def test_a_key_that_is_not_there_is_told_with_its_file(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c", memory__stat="anon 1\nfile 2\n")
    with pytest.raises(MeasureError, match=r"memory\.stat: no line 'shmem'"):
        read(directory)


def test_the_tightest_limit_counts_wherever_it_stands(tmp_path: Path) -> None:
    parent = write_v2(tmp_path / "p", memory__max="2000\n", cpu__max="50000 100000\n")
    own = write_v2(tmp_path / "p" / "c", memory__max="1000\n", cpu__max="150000 100000\n")
    totals = read(parent, own)[1]
    assert (totals.memory_limit_bytes, totals.cpu_limit_mcores) == (1000, 500)


def test_memory_parts_come_from_the_containers_own_cgroup_while_it_lives(tmp_path: Path) -> None:
    # A parent's may be two seconds old; here it has not yet heard of anything.
    nothing = "".join(f"{line.split()[0]} 0\n" for line in MEMORY_STAT_6_1.splitlines())
    parent = write_v2(tmp_path / "p", memory__stat=nothing)
    own = write_v2(tmp_path / "p" / "c")
    assert read(parent, own)[0].inactive_file_bytes == 300000000
    assert read(parent)[0].inactive_file_bytes == 0


def test_without_a_high_water_mark_of_swap_the_highest_seen_counts(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c", memory__swap__peak=None)
    counters = CgroupV2(directory, directory)
    counters.read_facts()
    (directory / "memory.swap.current").write_text("9000\n")
    counters.read_facts()
    (directory / "memory.swap.current").write_text("0\n")
    counters.read_facts()
    assert counters.totals().swap_peak_bytes == 9000
    counters.close()


def test_without_a_high_water_mark_of_processes_the_highest_seen_counts(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c", pids__peak=None)
    counters = CgroupV2(directory, directory)
    for number in (3, 8, 2):
        (directory / "pids.current").write_text(f"{number}\n")
        counters.sample(at_ns=1, wall_ns=2)
    assert counters.totals().pids_peak == 8
    counters.close()


def test_with_a_quota_throttling_is_in_every_sample(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c", cpu__max="50000 100000\n")
    counters = CgroupV2(directory, directory)
    counters.read_facts()
    (directory / "cpu.stat").write_text(
        "usage_usec 2\nuser_usec 1\nsystem_usec 1\nnr_throttled 3\nthrottled_usec 44\n"
    )
    assert counters.sample(at_ns=1, wall_ns=2).throttled_usec == 44
    assert counters.totals().throttled_periods == 3
    counters.close()


def test_a_kernel_without_a_high_water_mark_of_memory_tells_none(tmp_path: Path) -> None:
    counters = CgroupV2(write_v2(tmp_path / "c", memory__peak=None), None)
    counters.sample(at_ns=1, wall_ns=2)
    assert counters.totals().memory_peak_bytes is None
    counters.close()


def test_nonsense_in_what_is_not_vital_is_a_note_and_not_a_figure(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c", io__stat="8:0 rbytes=many\n", cpu__max="\n")
    counters = CgroupV2(directory, directory)
    counters.read_facts()
    counters.read_facts()
    assert counters.totals().io_read_bytes is None
    assert sorted(note.rpartition("/")[2].partition(":")[0] for note in counters.notes) == [
        "cpu.max",
        "io.stat",
    ]
    counters.close()


def test_an_empty_cgroup_is_known_by_its_events(tmp_path: Path) -> None:
    directory = write_v2(tmp_path / "c")
    counters = CgroupV2(directory, directory)
    assert not counters.is_empty()
    (directory / "cgroup.events").write_text("populated 0\nfrozen 0\n")
    assert counters.is_empty()
    counters.close()


def test_a_container_that_is_gone_already_is_told_by_its_parent(tmp_path: Path) -> None:
    parent = write_v2(tmp_path / "parent")
    assert read(parent, own=parent / "gone")[0].hard_bytes == read(parent)[0].hard_bytes
