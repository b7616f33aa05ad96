"""The port that every meter fills."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from cpost.meter.sample import Rung, Sample, Totals


class Clock(Protocol):
    """Time, so that tests can do without waiting."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go backwards."""
        ...

    def wall_ns(self) -> int:
        """Unix time in nanoseconds, UTC."""
        ...


class Reader(Protocol):
    """Reads the counters of one run; a context manager that closes what it holds open."""

    @property
    def rung(self) -> Rung:
        """Which step of the ladder this is."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result must know: why no higher step, what may be missing."""
        ...

    def sample(self) -> Sample | None:
        """Read once, now; None if there is nothing (or nothing any more) to read."""
        ...

    def totals(self) -> Totals:
        """Read what can still be read once the container has ended."""
        ...

    def __enter__(self) -> Reader:
        """Return itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what is held open."""
        ...
