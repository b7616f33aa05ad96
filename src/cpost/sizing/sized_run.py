"""A run with all that follows from it: what every report shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cpost.errors import RecordError
from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt
from cpost.sizing.doubts.finding import find_doubts
from cpost.sizing.gpus import with_gpus
from cpost.sizing.recommendation import Recommendation
from cpost.sizing.sidecars import SizedSidecar, size_sidecars
from cpost.sizing.strategies.classic import classic
from cpost.sizing.summary import Summary, summarise
from cpost.sizing.usage import usage_of


@dataclass(frozen=True, slots=True)
class SizedRun:
    """A run, its figures, what is doubtful about them, and what they recommend.

    ``sidecars`` are the figures of the servers beside it, in the order in which the run names them.
    """

    run: Run
    summary: Summary
    recommendation: Recommendation
    doubts: tuple[Doubt, ...] = ()
    sidecars: tuple[SizedSidecar, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that must be said beside the figures: what the run met, and what is doubtful."""
        return (*self.run.result.warnings, *(doubt.message for doubt in self.doubts))


def size_run(run: Run) -> SizedRun:
    """Return what follows from ``run``.

    Where its samples cannot be read, its totals have to do, and a warning says why.
    """
    try:
        used = usage_of(run)
    except RecordError as error:
        warnings = (*run.result.warnings, str(error))
        run = replace(
            run, samples=(), sample_count=0, result=replace(run.result, warnings=warnings)
        )
        used = usage_of(run)
    summary = summarise(run, used)
    sidecars = size_sidecars(run)
    doubts = tuple(find_doubts(run, used, sidecars))
    recommendation = with_gpus(classic(run.result, summary), [run.result.gpu])
    return SizedRun(run, summary, recommendation, doubts, sidecars)
