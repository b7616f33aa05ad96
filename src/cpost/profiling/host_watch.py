"""What the rest of the machine did while an operator executed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from cpost.meter.host_use import HostCounters, host_counters
from cpost.record.run import HostUse


class HostWatch:
    """A context manager; ``use`` tells of the time its block lasted, nothing before it ended."""

    def __init__(self, root: Path = Path("/")) -> None:
        """Look for the kernel's files under ``root``."""
        self.use = HostUse()
        self._root = root
        self._before = HostCounters()
        self._began_ns = 0

    def __enter__(self) -> HostWatch:
        """Return itself."""
        self._before = host_counters(self._root)
        self._began_ns = time.monotonic_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Read the counters again."""
        elapsed_ns = time.monotonic_ns() - self._began_ns
        use = _difference(self._before, host_counters(self._root))
        self.use = replace(use, elapsed_ns=elapsed_ns)


def _difference(before: HostCounters, after: HostCounters) -> HostUse:
    return HostUse(
        busy_usec=_grown(before.busy_usec, after.busy_usec),
        stolen_usec=_grown(before.stolen_usec, after.stolen_usec),
        swapped_in_bytes=_grown(before.swapped_in_bytes, after.swapped_in_bytes),
        swapped_out_bytes=_grown(before.swapped_out_bytes, after.swapped_out_bytes),
        heat_throttles=_grown(before.heat_throttles, after.heat_throttles),
        cpu_count=after.cpu_count,
    )


def _grown(before: int | None, after: int | None) -> int | None:
    """Return by how much a counter grew; one that shrank (a CPU was taken away) tells nothing."""
    if before is None or after is None or after < before:
        return None
    return after - before
