"""What cpost itself uses while a session lasts."""

from __future__ import annotations

import re
import resource
from contextlib import suppress
from pathlib import Path

from cpost.meter.lateness import Lateness
from cpost.meter.port import Clock
from cpost.record.run import OwnUse
from cpost.units import USEC_PER_SECOND

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


class OwnUseMeter:
    """Measures this process from the moment it is made, and children it has waited for."""

    def __init__(self, clock: Clock) -> None:
        """Begin."""
        self._clock = clock
        self._began_ns = clock.monotonic_ns()
        self._cpu_usec = _cpu_usec()

    def use(self, samples: int, lateness: Lateness) -> OwnUse:
        """Return what was used until now.

        The peak of memory is the one of the whole process, what was before the session included.
        """
        return OwnUse(
            wall_ns=self._clock.monotonic_ns() - self._began_ns,
            cpu_usec=_cpu_usec() - self._cpu_usec,
            memory_peak_bytes=_memory_peak_bytes(),
            samples=samples,
            late_p50_ns=lateness.percentile_ns(50),
            late_p99_ns=lateness.percentile_ns(99),
        )


def _cpu_usec() -> int:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return round(sum(one.ru_utime + one.ru_stime for one in both) * USEC_PER_SECOND)


def _memory_peak_bytes() -> int | None:
    # Not ru_maxrss: that of a process which was started by a larger one begins with the other's.
    with suppress(OSError):
        match = _PEAK.search(_STATUS.read_text(encoding="ascii", errors="replace"))
        return int(match[1]) * 1024 if match else None
    return None
