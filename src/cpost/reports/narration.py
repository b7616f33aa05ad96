"""The story of a session as the original tells it, operator by operator, on standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Protocol

from cpost.errors import RecordError
from cpost.meter.sample import Sample
from cpost.record.run import OwnUse, Run, RunResult, RunState
from cpost.reports.facts import (
    fact_lines,
    own_use_line,
    start_up_line,
    terminal_columns,
    wrapped,
    wrapped_sentence,
)
from cpost.reports.metrics_csv import MetricsCsv, metrics_lines
from cpost.reports.phrases import ending
from cpost.reports.sidecar_facts import sidecar_lines, what_to_write
from cpost.reports.tables import banner, final_table, operator_table, sidecar_table
from cpost.sizing.sized_run import SizedRun, size_run

_LINES_AT_ONCE = 1000
_START_NOT_CONFIRMED = -15  # the original's exit code for it


class Writer(Protocol):
    """A text stream that never raises for the sake of a closed pipe or a full disk."""

    def write(self, text: str, /) -> object:
        """Write ``text`` so that it can be seen."""
        ...


class Narration:
    """An observer that prints what happens.

    With ``metrics`` the story says where the samples are stored (``metrics`` must be told of an
    event before the narration is); without, it prints them all. ``sized`` holds what follows from
    each run so far, so that nobody needs to compute it again.
    """

    def __init__(
        self,
        stream: Writer,
        metrics: MetricsCsv | None = None,
        size: Callable[[Run], SizedRun] = size_run,
        columns: Callable[[], int] = terminal_columns,
    ) -> None:
        """Print to ``stream`` what ``size`` makes of each run; it must not raise.

        Facts and warnings under tables are wrapped to ``columns``.
        """
        self.sized: list[SizedRun] = []
        self._stream = stream
        self._metrics = metrics
        self._size = size
        self._columns = columns

    def session_began(self) -> None:
        """Tell that all that is needed was found."""
        self._print("All software dependencies are fullfilled.")  # the original's own spelling

    def run_began(self, operator_name: str, index: int, count: int) -> None:
        """Tell which operator is next."""
        del index, count
        self._print("", banner(f"Executing Operator {operator_name}"), "Running operator ...")

    def container_started(self, container_id: str) -> None:
        """Tell the engine's name for it."""
        self._print(f"The container id is: {container_id}")

    def sampled(self, sample: Sample) -> None:
        """Nothing: figures are told at the end."""

    def run_ended(self, run: Run) -> None:
        """Tell how it ended and what it used."""
        sized = self._size(run)
        self.sized.append(sized)
        if run.result.state is RunState.SKIPPED:
            self._print("", f"Operator {run.operator} was skipped")
        elif run.result.container_id is None:
            self._tell_not_started(run)
        else:
            self._tell_executed(sized)
        self._tell_notes(sized)

    def session_ended(self, own_use: OwnUse | None = None) -> None:
        """Print the table of all operators, what a start costs, and what cpost itself used.

        Nothing if there is no operator.
        """
        if not self.sized:
            return
        self._print(final_table(self.sized), *what_to_write(self.sized))
        start_up = start_up_line(self.sized)
        if start_up:
            self._print(*wrapped_sentence(start_up, self._columns()))
        if own_use is not None:
            self._print(*wrapped(own_use_line(own_use), self._columns()))

    def _tell_not_started(self, run: Run) -> None:
        if run.result.exit_code == _START_NOT_CONFIRMED:
            self._print(f"Obtaining docker ID timed out. Operator {run.operator} failed")
        self._print(f"Operator {run.operator} failed {_ending(run.result, 'with exitcode')}")

    def _tell_executed(self, sized: SizedRun) -> None:
        run = sized.run
        failed = run.result.state is not RunState.PASS
        self._tell_samples(run)
        if failed:
            self._print(f"Operator failed {_ending(run.result, 'with exitcode is:')}")
        self._print(banner(f"Operator {run.operator} Summary"), operator_table(sized))
        self._print(*fact_lines(sized, self._columns()))
        for sidecar in sized.sidecars:
            self._print(sidecar_table(sidecar), *sidecar_lines(sidecar))
        if failed:
            self._print(f"Operator {run.operator} failed {_ending(run.result, 'with exitcode')}")

    def _tell_samples(self, run: Run) -> None:
        if self._metrics is None:
            self._print(banner(f"Operator {run.operator} Metrics Data"))
            self._print_samples(run.samples)
        elif self._metrics.path is not None:
            self._print(f"Results are stored in {self._metrics.path}")
        else:
            self._print(f"Results are not stored: {self._metrics.failure}")

    def _print_samples(self, samples: Iterable[Sample]) -> None:
        lines = metrics_lines(samples)
        try:
            while chunk := "".join(islice(lines, _LINES_AT_ONCE)):
                self._stream.write(chunk)
        except RecordError as error:
            self._print(f"warning: {error}")

    def _tell_notes(self, sized: SizedRun) -> None:
        result = sized.run.result
        # Where the lines above name an exit code, the reason may still be news.
        told = (f"exit {result.exit_code}", ending(result))
        if result.exit_code and result.reason not in told:
            self._print(f"reason: {result.reason}")
        if result.advice:
            self._print(f"hint: {result.advice}")
        for warning in sized.warnings:
            self._tell_warning(warning)
        for sidecar in sized.sidecars:
            # What cannot be measured of the operator, either, was just told.
            for warning in sidecar.facts.warnings:
                if warning not in sized.warnings:
                    self._tell_warning(f"{sidecar.facts.name}: {warning}")

    def _tell_warning(self, warning: str) -> None:
        self._print(*wrapped_sentence(f"warning: {warning}", self._columns()))

    def _print(self, *lines: str) -> None:
        self._stream.write("".join(f"{line}\n" for line in lines))


def _ending(result: RunResult, words: str) -> str:
    """Return how a run failed: its exit code behind ``words``, or the reason if it has none."""
    return f"{words} {result.exit_code}" if result.exit_code else f"({result.reason})"
