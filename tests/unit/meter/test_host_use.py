"""The whole machine's counters, read from files as the kernel writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpost.meter.host_use import HostCounters, host_counters

TICK_USEC = 1_000_000 // os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

#       user nice system idle iowait irq softirq steal guest guest_nice
STAT = """\
cpu  1000 200 300 99999 77 4 50 60 900 100
cpu0 500 100 150 50000 40 2 25 30 450 50
cpu3 500 100 150 49999 37 2 25 30 450 50
intr 1234 5 6
ctxt 99
"""
VMSTAT = "pgpgin 7\npswpin 3\npswpout 5\npswpout_else 9\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("proc", *(f"sys/devices/system/cpu/cpu{n}/thermal_throttle" for n in (0, 3))):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sys/devices/system/cpu/cpuidle").mkdir()
    (tmp_path / "proc/stat").write_text(STAT)
    (tmp_path / "proc/vmstat").write_text(VMSTAT)
    for n in (0, 3):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{n}/thermal_throttle"
        (folder / "core_throttle_count").write_text(f"{n + 1}\n")
        (folder / "package_throttle_count").write_text("100\n")
    return tmp_path


def test_work_of_everybody_counts_and_that_of_guests_only_once(root: Path) -> None:
    assert host_counters(root) == HostCounters(
        busy_usec=(1000 + 200 + 300 + 4 + 50) * TICK_USEC,
        stolen_usec=60 * TICK_USEC,
        swapped_in_bytes=3 * PAGE,
        swapped_out_bytes=5 * PAGE,
        heat_throttles=1 + 4,
        cpu_count=2,
    )


def test_what_is_not_there_is_not_known(tmp_path: Path) -> None:
    assert host_counters(tmp_path) == HostCounters()


@pytest.mark.parametrize(
    "stat",
    ["", "cpu", "cpu 1 2 3", "cpu 1 2 3 4 5 6 7", "cpu a b c d e f g h", "cpu " + "9" * 5000],
)
def test_times_that_are_cut_or_no_numbers_are_not_known(root: Path, stat: str) -> None:
    (root / "proc/stat").write_text(stat)
    counters = host_counters(root)
    assert (counters.busy_usec, counters.stolen_usec, counters.cpu_count) == (None, None, None)


def test_a_kernel_without_guests_in_its_times_is_read_all_the_same(root: Path) -> None:
    (root / "proc/stat").write_text("cpu  1 2 3 4 5 6 7 8\n")
    assert host_counters(root).busy_usec == (1 + 2 + 3 + 6 + 7) * TICK_USEC


def test_a_core_that_does_not_tell_is_passed_over(root: Path) -> None:
    file = root / "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    file.write_text("unknown\n")
    assert host_counters(root).heat_throttles == 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stat=st.binary(max_size=200), vmstat=st.binary(max_size=200), heat=st.binary(max_size=30))
def test_no_garbage_is_an_error(root: Path, stat: bytes, vmstat: bytes, heat: bytes) -> None:
    (root / "proc/stat").write_bytes(stat)
    (root / "proc/vmstat").write_bytes(vmstat)
    file = root / "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    file.write_bytes(heat)
    host_counters(root)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.lists(st.integers(0, 2**63), min_size=8, max_size=12))
def test_any_times_that_a_kernel_writes_are_read_as_they_are(root: Path, fields: list[int]) -> None:
    (root / "proc/stat").write_text("cpu  " + " ".join(map(str, fields)) + "\ncpu0 1\n")
    counters = host_counters(root)
    assert counters.busy_usec == (sum(fields[:7]) - fields[3] - fields[4]) * TICK_USEC
    assert counters.stolen_usec == fields[7] * TICK_USEC


def test_this_very_machine_tells_its_times() -> None:
    counters = host_counters()
    assert counters.busy_usec is not None
    assert counters.busy_usec > 0
    assert counters.cpu_count == os.sysconf("SC_NPROCESSORS_ONLN")
