"""A reader that stands on a cgroup, whichever version it is."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from cpost.meter.counter_file import VanishedError
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample, Totals

_LOSS = "what was used after the last sample is not counted: the cgroup is gone with its container"


class Counters(Protocol):
    """The files of one cgroup, held open."""

    def read(self, at_ns: int, wall_ns: int) -> tuple[Sample, Totals]:
        """Read all of them now; VanishedError when the cgroup is gone, MeasureError."""
        ...

    def close(self) -> None:
        """Close them; may be called again."""
        ...


class CgroupReader:
    """Samples a cgroup and remembers its last totals, because it may be gone at any moment.

    On a rung with exact totals the cgroup outlives the container, so that ``totals`` still reads
    it. On the others ``totals`` are those of the last sample: what happened after that is lost,
    at most one interval.
    """

    def __init__(
        self, rung: Rung, counters: Counters, clock: Clock, notes: tuple[str, ...] = ()
    ) -> None:
        self._rung = rung
        self._counters = counters
        self._clock = clock
        self._notes = notes if rung.exact_totals else (*notes, _LOSS)
        self._totals = Totals()

    @property
    def rung(self) -> Rung:
        """Which step of the ladder this is."""
        return self._rung

    @property
    def notes(self) -> tuple[str, ...]:
        """Why it is not a higher step, and what that costs; one line each, none if it is exact."""
        return self._notes

    def sample(self) -> Sample | None:
        """Read once, now; None when the cgroup is gone."""
        at_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        try:
            sample, self._totals = self._counters.read(at_ns, wall_ns)
        except VanishedError:
            return None
        return sample

    def totals(self) -> Totals:
        """Read what can still be read, else the totals of the last sample."""
        self.sample()
        return self._totals

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
        self._counters.close()
