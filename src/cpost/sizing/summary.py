"""The figures of one stored run, and what is doubtful about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from cpost.record.run import Run, RunResult
from cpost.sizing.usage import WINDOW_NS, Usage, usage
from cpost.units import NS_PER_SECOND, NS_PER_USEC, USEC_PER_SECOND

_ENOUGH_SAMPLES = 20


class Doubt(Enum):
    """Why figures may mislead, and what to do about it."""

    NEVER_SAMPLED = (
        "it ended before it could be sampled, so its CPU includes the container's own start and "
        "is averaged over one second: a larger payload tells more"
    )
    SHORT_RUN = (
        "it ended in under a second, so its CPU figures are averages (over the whole run or, "
        "where no sample came in time, over one second): a larger payload tells more"
    )
    FEW_SAMPLES = (
        f"fewer than {_ENOUGH_SAMPLES} samples, so short bursts may be missing: "
        "sample more often with --interval 0.01"
    )
    GAPS = (
        "some samples are more than two intervals apart, so short bursts may be missing: "
        "keep the machine free of other load"
    )
    PEAK_SAMPLED = (
        "the kernel tells no memory peak here, so the maximum is the highest sample: "
        "cpost doctor says what would mend it"
    )
    COUNTER_BACKWARDS = (
        "the CPU counter went backwards, so some CPU time may be missing: execute it again"
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What one run used; None where nothing is known.

    ``cpu_total_s`` is everything the run's cgroup was charged with, some milliseconds of the
    container's own start included, and ``cpu_average_cores`` is that by the duration. In a run of
    under a second the start would weigh too much: there the average leaves it out, by counting
    from the first sample, and ``cpu_maximum_cores`` is the same. Of any longer run it is the
    highest average over any one second, and never below the average.

    ``memory_peak_bytes`` is the kernel's own high-water mark, or the highest sample where
    ``memory_peak_sampled``. ``hard_peak_bytes`` and ``working_set_peak_bytes`` are always the
    highest samples.
    """

    duration_s: float | None
    cpu_total_s: float | None
    cpu_average_cores: float | None
    cpu_maximum_cores: float | None
    memory_peak_bytes: int | None
    memory_peak_sampled: bool
    hard_peak_bytes: int | None
    working_set_peak_bytes: int | None
    memory_average_bytes: int | None
    sample_count: int
    doubts: tuple[Doubt, ...]

    @property
    def measured(self) -> bool:
        """Whether there is any figure of what it used."""
        return self.cpu_total_s is not None or self.memory_peak_bytes is not None


def summarise(run: Run) -> Summary:
    """Return the figures of ``run``, from its totals where they tell, else from its samples.

    Its samples are read once; RecordError where they are damaged.
    """
    sampled = usage(run.samples)
    result, totals = run.result, run.result.totals
    total_usec = totals.cpu_usage_usec
    if total_usec is None:
        total_usec = sampled.cpu_usage_usec
    duration_ns = result.duration_ns or sampled.span_ns or None
    average_cores = None
    if total_usec is not None and duration_ns:
        average_cores = _average_cores(result.started_wall_ns, duration_ns, total_usec, sampled)
    peak_bytes = totals.memory_peak_bytes
    return Summary(
        duration_s=duration_ns / NS_PER_SECOND if duration_ns else None,
        cpu_total_s=None if total_usec is None else total_usec / USEC_PER_SECOND,
        cpu_average_cores=average_cores,
        cpu_maximum_cores=_larger(sampled.cpu_window_cores, average_cores),
        memory_peak_bytes=sampled.memory_maximum_bytes if peak_bytes is None else peak_bytes,
        memory_peak_sampled=peak_bytes is None and sampled.sample_count > 0,
        hard_peak_bytes=sampled.hard_maximum_bytes,
        working_set_peak_bytes=sampled.working_set_maximum_bytes,
        memory_average_bytes=sampled.memory_average_bytes,
        sample_count=sampled.sample_count,
        doubts=tuple(_doubts(result, duration_ns, sampled, run.settings.interval_s)),
    )


def _average_cores(
    started_wall_ns: int | None, duration_ns: int, total_usec: int, sampled: Usage
) -> float:
    """Return the CPU time by the duration; in a short run without the container's own start.

    What the counter holds at the first sample is that start: tens of milliseconds of CPU time,
    spent before the engine's stamp. Where a short run had ended before its first sample, or that
    came so late that it says little, the average is taken over one second, and so is an upper
    bound of what any second can have held.
    """
    if duration_ns >= WINDOW_NS:
        return total_usec * NS_PER_USEC / duration_ns
    if sampled.first is not None and started_wall_ns is not None:
        late_ns = sampled.first.wall_ns - started_wall_ns
        if 0 <= late_ns <= duration_ns / 2:
            used_usec = max(0, total_usec - sampled.first.cpu_usage_usec)
            return used_usec * NS_PER_USEC / (duration_ns - late_ns)
    return total_usec * NS_PER_USEC / WINDOW_NS


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _doubts(
    result: RunResult, duration_ns: int | None, sampled: Usage, interval_s: float
) -> Iterator[Doubt]:
    if duration_ns is None:
        return
    if duration_ns < WINDOW_NS:
        yield Doubt.NEVER_SAMPLED if sampled.first is None else Doubt.SHORT_RUN
    elif sampled.sample_count < _ENOUGH_SAMPLES:
        yield Doubt.FEW_SAMPLES
    if sampled.longest_gap_ns > 2 * interval_s * NS_PER_SECOND:
        yield Doubt.GAPS
    if result.totals.memory_peak_bytes is None and sampled.sample_count:
        yield Doubt.PEAK_SAMPLED
    if sampled.cpu_went_backwards:
        yield Doubt.COUNTER_BACKWARDS
