"""What lies between samples: cores and bytes, computed in one pass and in little memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cpost.meter.sample import Sample
from cpost.record.run import Run
from cpost.sizing.cpu_use import CpuUse, End
from cpost.sizing.memory_use import MemoryUse, alive, larger
from cpost.units import NS_PER_SECOND

WINDOW_NS = NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Usage:
    """What the samples of one run tell; None where they do not.

    ``cpu_window_cores`` is the highest average over any one second, None if the samples (and the
    end, where it is known) span less. ``cores_profile_ns`` is the time spent at 1, 2, … cores or
    more. ``cpu_usage_usec`` is the counter's highest value. ``memory_average_bytes`` is
    weighted by time, over the time in which the operator was alive. ``file_growth_maximum_bytes``
    is the most that file memory grew from one sample to the next. ``longest_gap_ns`` is the
    longest time between two samples, 0 with fewer than two. Levels of memory and ``pids_maximum``
    are of samples in which the operator was alive. ``first`` is the first sample, None
    if there is none, or if the operator had ended when it was taken.
    """

    sample_count: int = 0
    first: Sample | None = None
    span_ns: int = 0
    longest_gap_ns: int = 0
    cpu_usage_usec: int | None = None
    cpu_window_cores: float | None = None
    cores_profile_ns: tuple[int, ...] | None = None
    cpu_went_backwards: bool = False
    memory_average_bytes: int | None = None
    memory_maximum_bytes: int | None = None
    working_set_maximum_bytes: int | None = None
    hard_maximum_bytes: int | None = None
    file_growth_maximum_bytes: int | None = None
    pids_maximum: int | None = None


def usage_of(run: Run) -> Usage:
    """Return what the samples of ``run``, and its end where that is exactly known, tell.

    RecordError where the samples are damaged.
    """
    return usage(run.samples, _end(run))


def usage(samples: Iterable[Sample], end: End | None = None, window_ns: int = WINDOW_NS) -> Usage:
    """Return what ``samples``, in the order of time, tell of a run that ended with ``end``.

    They are iterated once, and only those of the last ``window_ns`` are held.
    """
    cpu = CpuUse(end, window_ns)
    memory = MemoryUse()
    count = longest_gap_ns = 0
    last_ns = 0
    first: Sample | None = None
    pids: int | None = None
    for sample in samples:
        if first is None:
            first = sample
        else:
            longest_gap_ns = max(longest_gap_ns, sample.at_ns - last_ns)
        last_ns = sample.at_ns
        count += 1
        cpu.add(sample)
        memory.add(sample)
        pids = larger(pids, sample.pids or None)
    cpu.finish()
    return Usage(
        sample_count=count,
        first=first if first is not None and alive(first) else None,
        span_ns=last_ns - first.at_ns if first is not None else 0,
        longest_gap_ns=longest_gap_ns,
        cpu_usage_usec=cpu.window.counter_usec,
        cpu_window_cores=cpu.window.highest_cores,
        cores_profile_ns=cpu.profile.at_least_ns,
        cpu_went_backwards=cpu.window.went_backwards,
        memory_average_bytes=memory.average_bytes,
        memory_maximum_bytes=memory.maximum_bytes,
        working_set_maximum_bytes=memory.working_set_maximum_bytes,
        hard_maximum_bytes=memory.hard_maximum_bytes,
        file_growth_maximum_bytes=memory.file_growth_maximum_bytes,
        pids_maximum=pids,
    )


def duration_ns(run: Run, used: Usage) -> int | None:
    """Return how long it executed: as the record has it, else from first to last sample."""
    return run.result.duration_ns or used.span_ns or None


def cpu_total_usec(run: Run, used: Usage) -> int | None:
    """Return all CPU time of the run: the counter at its end, else in its samples."""
    total_usec = run.result.totals.cpu_usage_usec
    return used.cpu_usage_usec if total_usec is None else total_usec


def _end(run: Run) -> End | None:
    """Return the end of a run whose totals are of that very moment, by this machine's clock."""
    result = run.result
    exact = result.rung is not None and result.rung.exact_totals
    exact = exact or result.totals.unseen_end_usec == 0
    total_usec = result.totals.cpu_usage_usec
    if not exact or total_usec is None:
        return None
    if result.started_wall_ns is None or result.duration_ns is None:
        return None
    return End(result.started_wall_ns + result.duration_ns, total_usec)
