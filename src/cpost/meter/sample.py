"""What was read, as it was read: raw, cumulative, never rounded, never a rate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of an operator's counters; None where the rung cannot tell."""

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
    they are the last that could be read.
    """

    cpu_usage_usec: int | None = None
    cpu_user_usec: int | None = None
    cpu_system_usec: int | None = None
    memory_peak_bytes: int | None = None  # the kernel's own high-water mark, page cache included
    oom_kills: int | None = None
    throttled_usec: int | None = None
    io_read_bytes: int | None = None
    io_write_bytes: int | None = None
