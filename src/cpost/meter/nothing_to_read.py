"""The reader of an operator that had ended before anything of it could be opened."""

from __future__ import annotations

from types import TracebackType

from cpost.meter.sample import Rung, Sample, Totals


class NothingToRead:
    """No sample, no totals: nothing was measured, and that is not an error."""

    def __init__(self, rung: Rung, notes: tuple[str, ...]) -> None:
        self._rung = rung
        self._notes = notes

    @property
    def rung(self) -> Rung:
        """Which step of the ladder it would have been."""
        return self._rung

    @property
    def notes(self) -> tuple[str, ...]:
        """Why there is nothing."""
        return self._notes

    def sample(self) -> Sample | None:
        """Return None."""
        return None

    def totals(self) -> Totals:
        """Return nothing but None."""
        return Totals()

    def __enter__(self) -> NothingToRead:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: nothing is open."""
