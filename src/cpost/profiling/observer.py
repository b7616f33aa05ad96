"""Who wants to know while a session executes: a live line, a CSV file, a printed story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cpost.meter.sample import Sample
from cpost.record.run import Run


class Observer(Protocol):
    """Told of what happens, as it happens; must not raise and must be quick."""

    def run_began(self, operator_name: str, index: int, count: int) -> None:
        """Operator ``index`` of ``count`` (from 1) is about to be executed."""
        ...

    def container_started(self, container_id: str) -> None:
        """Its container executes now."""
        ...

    def sampled(self, sample: Sample) -> None:
        """One reading was taken."""
        ...

    def run_ended(self, run: Run) -> None:
        """The run is over and kept; also called, alone, for an operator that was skipped."""
        ...


class Observers:
    """Several observers as one, told in the order they were given."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)

    def run_began(self, operator_name: str, index: int, count: int) -> None:
        """Pass on."""
        for observer in self._observers:
            observer.run_began(operator_name, index, count)

    def container_started(self, container_id: str) -> None:
        """Pass on."""
        for observer in self._observers:
            observer.container_started(container_id)

    def sampled(self, sample: Sample) -> None:
        """Pass on."""
        for observer in self._observers:
            observer.sampled(sample)

    def run_ended(self, run: Run) -> None:
        """Pass on."""
        for observer in self._observers:
            observer.run_ended(run)
