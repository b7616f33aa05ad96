"""The hot loop: read, hand over, sleep until an absolute deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from cpost.meter.port import Clock, Reader
from cpost.meter.sample import Sample
from cpost.units import NS_PER_SECOND


class Ended(Protocol):
    """What is set once the operator has ended; a ``threading.Event`` is one."""

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until it is set, at most ``timeout`` seconds; return whether it is set."""
        ...


def samples(
    reader: Reader,
    clock: Clock,
    interval_ns: int,
    ended: Ended,
    late: Callable[[int], None] | None = None,
) -> Iterator[Sample]:
    """Yield a sample at once, then one every ``interval_ns`` until ``ended`` is set, then a last.

    Deadlines are absolute, so that the time a reading takes does not add up. A tick that came too
    late is skipped, not made up for, and shows later as a gap between two samples. A reader that
    has nothing to say yields nothing for that tick. ``late`` is told by how many nanoseconds each
    reading missed its deadline; the first and the last have none.
    """
    deadline_ns = clock.monotonic_ns()
    has_ended = False
    while True:
        sample = reader.sample()
        if sample is not None:
            yield sample
        if has_ended:
            return
        now_ns = clock.monotonic_ns()
        deadline_ns += interval_ns * max(1, (now_ns - deadline_ns) // interval_ns + 1)
        has_ended = ended.wait((deadline_ns - now_ns) / NS_PER_SECOND)
        if late is not None and not has_ended:
            late(clock.monotonic_ns() - deadline_ns)
