"""A reader that stands on a cgroup, whichever version it is."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from cpost.meter.counter_file import VanishedError
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.units import NS_PER_SECOND, NS_PER_USEC

# What changes slowly, or only adds up, is read so often.
_FACTS_EVERY_NS = NS_PER_SECOND


class Counters(Protocol):
    """The files of one cgroup, held open."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What they cannot tell, and why."""
        ...

    def sample(self, at_ns: int, wall_ns: int) -> Sample:
        """Read what changes all the time; VanishedError when the cgroup is gone, MeasureError."""
        ...

    def read_facts(self) -> None:
        """Read the rest, as far as it is there."""
        ...

    def totals(self) -> Totals:
        """Return what the last readings told."""
        ...

    def is_empty(self) -> bool:
        """Whether the last process of the container is known to have ended."""
        ...

    def close(self) -> None:
        """Close them; may be called again."""
        ...


class CgroupReader:
    """Samples a cgroup and remembers what it read last, because it may be gone at any moment.

    On a rung with exact totals the cgroup outlives the container, so that ``totals`` still reads
    it. On the others ``totals`` are those of the last reading, and ``unseen_end_usec`` says how
    long before the cgroup was found gone that was: 0 if no process was left by then. Samples are
    as they were read, even if CPU time went backwards; its total is the highest reading.
    ``refresh`` may be called from another thread.
    """

    def __init__(
        self, rung: Rung, counters: Counters, clock: Clock, notes: tuple[str, ...] = ()
    ) -> None:
        self._rung = rung
        self._counters = counters
        self._clock = clock
        self._notes = notes
        self._lock = threading.Lock()
        self._closed = False
        self._highest_usec = 0
        self._facts_due_ns = 0
        self._read_at_ns: int | None = None
        self._gone_at_ns: int | None = None
        self._saw_its_end = False

    @property
    def rung(self) -> Rung:
        """Which step of the ladder this is."""
        return self._rung

    @property
    def notes(self) -> tuple[str, ...]:
        """Why it is not a higher step, and what could not be read; one line each."""
        return (*self._notes, *self._counters.notes)

    def sample(self) -> Sample | None:
        """Read once, now; None when the cgroup is gone."""
        with self._lock:
            return self._sample()

    def refresh(self) -> None:
        """Read everything now, because something has happened; nothing is told of it."""
        with self._lock:
            if self._closed:
                return
            # Asked first: all that was used until then is in what is read next.
            is_empty = self._counters.is_empty()
            self._facts_due_ns = 0
            if self._sample() is not None:
                # Before the first process has come it is empty, too.
                self._saw_its_end = is_empty and self._highest_usec > 0

    def totals(self) -> Totals:
        """Read what can still be read, else return what was read last."""
        with self._lock:
            self._facts_due_ns = 0
            self._sample()
            totals = self._counters.totals()
        if totals.cpu_usage_usec is not None:
            totals = replace(totals, cpu_usage_usec=max(totals.cpu_usage_usec, self._highest_usec))
        return replace(totals, unseen_end_usec=self._unseen_usec())

    def __enter__(self) -> CgroupReader:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files."""
        with self._lock:
            self._closed = True
            self._counters.close()

    def _sample(self) -> Sample | None:
        at_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        if at_ns >= self._facts_due_ns:
            self._counters.read_facts()
            self._facts_due_ns = at_ns + _FACTS_EVERY_NS
        try:
            sample = self._counters.sample(at_ns, wall_ns)
        except VanishedError:
            if self._gone_at_ns is None:
                self._gone_at_ns = at_ns
            return None
        self._read_at_ns = at_ns
        self._highest_usec = max(self._highest_usec, sample.cpu_usage_usec)
        return sample

    def _unseen_usec(self) -> int | None:
        """How much of its end nobody has seen; None if it was never read."""
        if self._read_at_ns is None:
            return None
        if self._gone_at_ns is None or self._saw_its_end:
            return 0
        return (self._gone_at_ns - self._read_at_ns) // NS_PER_USEC
