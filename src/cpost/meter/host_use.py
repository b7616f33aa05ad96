"""What the whole machine does: counters of the kernel, of all programs together."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cpost.meter.ticks import USEC_PER_TICK

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_CPU_LINE = re.compile(r"^cpu((?: +\d{1,20})+) *$", re.MULTILINE)
_ONE_CPU = re.compile(r"^cpu\d+ ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HostCounters:
    """Counters since the machine was booted; None where it does not tell.

    ``busy_usec`` is the CPU time of all programs, of the kernel and of interrupts; ``cpu_count``
    the CPUs that are switched on now.
    """

    busy_usec: int | None = None
    stolen_usec: int | None = None
    swapped_in_bytes: int | None = None
    swapped_out_bytes: int | None = None
    heat_throttles: int | None = None
    cpu_count: int | None = None


def host_counters(root: Path = Path("/")) -> HostCounters:
    """Read them now; the kernel's files are looked for under ``root``. Never fails."""
    stat = _text(root / "proc/stat")
    swapping = _text(root / "proc/vmstat")
    busy_usec, stolen_usec = _cpu_times(stat)
    return HostCounters(
        busy_usec=busy_usec,
        stolen_usec=stolen_usec,
        swapped_in_bytes=_swapped_bytes(swapping, "pswpin"),
        swapped_out_bytes=_swapped_bytes(swapping, "pswpout"),
        heat_throttles=_heat_throttles(root / "sys/devices/system/cpu"),
        cpu_count=len(_ONE_CPU.findall(stat)) or None,
    )


def _cpu_times(stat: str) -> tuple[int | None, int | None]:
    """Return time at work and time stolen by the hypervisor, see proc(5).

    The fields are user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice. What
    guests used is within user and nice already; while waiting for a disk a CPU is idle.
    """
    match = _CPU_LINE.search(stat)
    fields = [int(one) for one in match[1].split()] if match else []
    if len(fields) < 8:
        return None, None
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    busy = user + nice + system + irq + softirq
    return busy * USEC_PER_TICK, steal * USEC_PER_TICK


def _swapped_bytes(vmstat: str, name: str) -> int | None:
    match = re.search("^" + name + r" (\d{1,20})$", vmstat, re.MULTILINE)
    return int(match[1]) * _PAGE_BYTES if match else None


def _heat_throttles(cpus: Path) -> int | None:
    """Return how often cores were slowed down, all together: Intel's CPUs tell, most others not."""
    found = []
    for file in cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"):
        match = re.fullmatch(r"(\d{1,20})\n?", _text(file))
        if match:
            found.append(int(match[1]))
    return sum(found) if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
