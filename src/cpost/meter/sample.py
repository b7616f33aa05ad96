"""What was read, as it was read: raw, cumulative, never rounded, never a rate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Rung(str, Enum):
    """The ladder of meters, best first; every result names the rung it stood on."""

    PARENT_CGROUP_V2 = "parent cgroup v2"
    CONTAINER_CGROUP_V2 = "container cgroup v2"
    PARENT_CGROUP_V1 = "parent cgroup v1"
    CONTAINER_CGROUP_V1 = "container cgroup v1"
    ENGINE_STATS = "engine stats"
    PROCESS_TREE = "process tree"

    @property
    def exact_totals(self) -> bool:
        """Whether what the container used stays readable once it has ended."""
        return self in {Rung.PARENT_CGROUP_V2, Rung.PARENT_CGROUP_V1}


class Sample(NamedTuple):
    """One reading of an operator's counters; None where the rung cannot tell.

    A tuple, because one is made in every tick of the hot loop: a frozen dataclass costs five
    times as much.
    """

    at_ns: int  # monotonic clock, taken just before the counters were read
    wall_ns: int  # unix time, UTC, of the same moment
    cpu_usage_usec: int  # since the cgroup was made
    memory_bytes: int  # page cache included
    inactive_file_bytes: int | None = None  # the kernel can take these back
    hard_bytes: int | None = None  # the kernel cannot take these back
    throttled_usec: int | None = None
    pids: int | None = None
    io_read_bytes: int | None = None
    io_write_bytes: int | None = None
    memory_peak_bytes: int | None = None  # the kernel's own high-water mark so far

    @property
    def working_set_bytes(self) -> int | None:
        """What kubelet, docker stats and most recommenders call memory."""
        if self.inactive_file_bytes is None:
            return None
        return max(0, self.memory_bytes - self.inactive_file_bytes)


@dataclass(frozen=True, slots=True)
class Totals:
    """The counters once the run has ended; None where the rung cannot tell.

    On a rung with ``exact_totals`` they cover the whole life of the container; on the others
    they are the last that could be read, and ``unseen_end_usec`` tells how long before the
    container's end that was. Pressure is the time in which some, or all, of the processes waited
    for a resource (``Documentation/accounting/psi.rst`` of the kernel).
    """

    cpu_usage_usec: int | None = None
    cpu_user_usec: int | None = None
    cpu_system_usec: int | None = None
    memory_peak_bytes: int | None = None  # the kernel's own high-water mark, page cache included
    oom_kills: int | None = None
    throttled_usec: int | None = None
    io_read_bytes: int | None = None
    io_write_bytes: int | None = None
    memory_limit_bytes: int | None = None  # the tightest one that held; None: no limit, or unknown
    memory_limit_hits: int | None = None  # how often the limit was reached
    cpu_limit_mcores: int | None = None  # the quota; None: no quota, or unknown
    throttled_periods: int | None = None
    swap_peak_bytes: int | None = None
    cpu_some_usec: int | None = None
    memory_some_usec: int | None = None
    memory_full_usec: int | None = None
    io_some_usec: int | None = None
    io_full_usec: int | None = None
    pids_peak: int | None = None
    unseen_end_usec: int | None = None
