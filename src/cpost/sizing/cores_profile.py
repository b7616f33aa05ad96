"""How long a run kept how many cores busy."""

from __future__ import annotations

from collections import Counter

from cpost.units import NS_PER_USEC

# A tenth of a second, less what samples of that interval may come early: over a shorter time the
# counter itself is too coarse, since the kernel adds to it in ticks of 1 to 10 ms.
_WIDTH_NS = 90_000_000

# A thread that is always busy still loses a little to interrupts, and a sample is never taken at
# exactly the moment it is stamped with.
_ALLOWANCE_CORES = 0.05

# No machine has more; a counter that was misread must not make a list of any length.
_MOST_CORES = 1024


class CoresProfile:
    """The time spent at k cores or more, k = 1, 2, …, under a counter of CPU time.

    The time from one reading to the next (or the next but one, until a tenth of a second has
    passed) counts whole at the average rate over it. Readings that go backwards are passed over.
    """

    def __init__(self) -> None:
        """Begin without a reading."""
        self._time_ns: Counter[int] = Counter()
        self._start: tuple[int, int] | None = None

    def add(self, at_ns: int, usec: int) -> None:
        """Take the next reading."""
        if self._start is None:
            self._start = at_ns, usec
            return
        start_ns, start_usec = self._start
        elapsed_ns = at_ns - start_ns
        if elapsed_ns < _WIDTH_NS or usec < start_usec:
            return
        cores = (usec - start_usec) * NS_PER_USEC / elapsed_ns
        self._time_ns[min(_MOST_CORES, int(cores + _ALLOWANCE_CORES))] += elapsed_ns
        self._start = at_ns, usec

    @property
    def at_least_ns(self) -> tuple[int, ...] | None:
        """How long at least 1, 2, … cores were busy; empty: never one; None: too few readings."""
        if not self._time_ns:
            return None
        spent_ns = 0
        backwards = []
        for cores in range(max(self._time_ns), 0, -1):
            spent_ns += self._time_ns[cores]
            backwards.append(spent_ns)
        return tuple(reversed(backwards))
