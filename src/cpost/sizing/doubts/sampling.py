"""Doubts about how well a run was sampled."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.meter.sample import Rung
from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.usage import WINDOW_NS, Usage, cpu_total_usec, duration_ns
from cpost.units import NS_PER_SECOND

# Two seconds at the usual interval: with fewer samples one of them is 5 % and more of all.
ENOUGH_SAMPLES = 20

# Sampling yet more often costs more than it shows.
SHORT_INTERVAL_S = 0.01

# A single late tick is skipped and leaves a gap of two intervals; more is trouble.
GAP_INTERVALS = 2


def sampling_doubts(run: Run, used: Usage) -> Iterator[Doubt]:
    """Yield doubts about samples: too few, too far apart, or contradicting each other."""
    whole_ns = duration_ns(run, used)
    if used.first is None and cpu_total_usec(run, used) is None:
        yield Doubt(
            DoubtKind.NEVER_SAMPLED,
            "it ended before anything could be read of it, so it is not known what it used",
            "a larger payload tells more",
        )
    elif whole_ns is not None and whole_ns < WINDOW_NS:
        yield _short(used)
    elif used.sample_count < ENOUGH_SAMPLES:
        yield _few(run)
    gap_ns = GAP_INTERVALS * run.settings.interval_s * NS_PER_SECOND
    if used.longest_gap_ns > gap_ns and not _once_a_second(run):
        yield Doubt(
            DoubtKind.GAPS,
            "some samples are more than two intervals apart, so short bursts may be missing",
            "keep the machine free of other load",
        )
    if used.cpu_went_backwards:
        yield Doubt(
            DoubtKind.COUNTER_BACKWARDS,
            "the CPU counter went backwards, so some CPU time may be missing",
            "execute it again",
        )


def _short(used: Usage) -> Doubt:
    if used.first is None:
        return Doubt(
            DoubtKind.NEVER_SAMPLED,
            "it ended before it could be sampled, so its CPU includes the container's own start "
            "and is averaged over one second",
            "a larger payload tells more",
        )
    return Doubt(
        DoubtKind.SHORT_RUN,
        "it ended in under a second, so its CPU figures are averages (over the whole run or, "
        "where no sample came in time, over one second)",
        "a larger payload tells more",
    )


def _few(run: Run) -> Doubt:
    return Doubt(
        DoubtKind.FEW_SAMPLES,
        f"fewer than {ENOUGH_SAMPLES} samples, so short bursts may be missing",
        "a larger payload tells more"
        if _once_a_second(run) or run.settings.interval_s <= SHORT_INTERVAL_S
        else "sample more often with --interval 0.01",
    )


def _once_a_second(run: Run) -> bool:
    """Whether it was sampled by an engine's statistics, which come no faster when asked."""
    return run.result.rung is Rung.ENGINE_STATS
