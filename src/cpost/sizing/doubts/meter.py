"""Doubts about the rung of the ladder that a run was measured on."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.meter.sample import Rung
from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.usage import Usage, duration_ns
from cpost.units import NS_PER_SECOND, NS_PER_USEC, USEC_PER_SECOND

# What is used in so little of a run cannot change a figure by more than itself.
UNSEEN_SHARE = 0.05

_CGROUPS = frozenset(
    {
        Rung.PARENT_CGROUP_V2,
        Rung.CONTAINER_CGROUP_V2,
        Rung.PARENT_CGROUP_V1,
        Rung.CONTAINER_CGROUP_V1,
    }
)


def meter_doubts(run: Run, used: Usage) -> Iterator[Doubt]:
    """Yield doubts about what this rung cannot see."""
    if run.result.rung is Rung.ENGINE_STATS:
        yield Doubt(
            DoubtKind.ENGINE_STATISTICS,
            "only the engine's statistics could be had, once a second, so short bursts and the "
            "last second are missing",
            "cpost doctor says what would let it read the kernel's own counters",
        )
    elif _much_unseen(run, used):
        unseen_ms = (run.result.totals.unseen_end_usec or 0) / (USEC_PER_SECOND / 1000)
        yield Doubt(
            DoubtKind.UNSEEN_END,
            f"what it used at its very end, in at most {unseen_ms:.0f} ms, is not counted, because "
            "its counters went with it",
            "cpost doctor says what would let it read them afterwards",
        )
    missing = _missing_figures(run, used)
    if missing:
        yield Doubt(
            DoubtKind.MISSING_CONTROLLERS,
            f"this cgroup does not account everything, so figures are missing of {missing}",
            "cpost doctor says what would mend it",
        )


def _much_unseen(run: Run, used: Usage) -> bool:
    """Whether the unseen end is longer than two intervals, or a notable part of a short run."""
    unseen_usec = run.result.totals.unseen_end_usec
    whole_ns = duration_ns(run, used)
    if unseen_usec is None or whole_ns is None:
        return False
    unseen_ns = unseen_usec * NS_PER_USEC
    if unseen_ns > 2 * run.settings.interval_s * NS_PER_SECOND:
        return True
    return unseen_ns > UNSEEN_SHARE * whole_ns


def _missing_figures(run: Run, used: Usage) -> str:
    """Return what no sample of a cgroup tells, with the controller that would."""
    if run.result.rung not in _CGROUPS or used.first is None:
        return ""
    totals = run.result.totals
    missing = []
    if used.pids_maximum is None and totals.pids_peak is None:
        missing.append("processes (pids)")
    if totals.io_read_bytes is None and totals.io_write_bytes is None:
        missing.append("reading and writing (io)")
    if totals.throttled_usec is None:
        missing.append("throttling (cpu)")
    return ", ".join(missing)
