"""What lies between samples: cores and bytes, computed in one pass and in little memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cpost.meter.sample import Sample
from cpost.sizing.window import HighestWindow
from cpost.units import NS_PER_SECOND

WINDOW_NS = NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Usage:
    """What the samples of one run tell; None where they do not.

    ``cpu_window_cores`` is the highest average over any one second, None if the samples span
    less. ``cpu_usage_usec`` is the last value of the counter. ``memory_average_bytes`` is
    weighted by time, over the time in which the operator was alive. ``longest_gap_ns`` is the
    longest time between two samples, 0 with fewer than two. ``first`` is the first sample, None
    if there is none, or if the operator had ended when it was taken.
    """

    sample_count: int = 0
    first: Sample | None = None
    span_ns: int = 0
    longest_gap_ns: int = 0
    cpu_usage_usec: int | None = None
    cpu_window_cores: float | None = None
    cpu_went_backwards: bool = False
    memory_average_bytes: int | None = None
    memory_maximum_bytes: int | None = None
    working_set_maximum_bytes: int | None = None
    hard_maximum_bytes: int | None = None


def usage(samples: Iterable[Sample], window_ns: int = WINDOW_NS) -> Usage:
    """Return what ``samples``, in the order of time, tell of a run.

    They are iterated once, and only those of the last ``window_ns`` are held.
    """
    window = HighestWindow(window_ns)
    memory = MemoryAverage()
    count = longest_gap_ns = 0
    last_ns = 0
    first: Sample | None = None
    memory_bytes: int | None = None
    working_set_bytes: int | None = None
    hard_bytes: int | None = None
    for sample in samples:
        if first is None:
            first = sample
        else:
            longest_gap_ns = max(longest_gap_ns, sample.at_ns - last_ns)
        last_ns = sample.at_ns
        count += 1
        window.add(sample.at_ns, sample.cpu_usage_usec)
        memory.add(sample)
        memory_bytes = _larger(memory_bytes, sample.memory_bytes)
        working_set_bytes = _larger(working_set_bytes, sample.working_set_bytes)
        hard_bytes = _larger(hard_bytes, sample.hard_bytes)
    return Usage(
        sample_count=count,
        first=first if first is not None and _alive(first) else None,
        span_ns=last_ns - first.at_ns if first is not None else 0,
        longest_gap_ns=longest_gap_ns,
        cpu_usage_usec=window.counter_usec,
        cpu_window_cores=window.highest_cores,
        cpu_went_backwards=window.went_backwards,
        memory_average_bytes=memory.average_bytes,
        memory_maximum_bytes=memory_bytes,
        working_set_maximum_bytes=working_set_bytes,
        hard_maximum_bytes=hard_bytes,
    )


def _larger(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


class MemoryAverage:
    """The average of memory over the time in which the operator was alive.

    Between two readings memory is taken to change evenly. A reading without any process is of
    the time after its end (or of a cgroup that nobody has entered yet): the time up to it counts
    with the reading before, the time after it does not count.
    """

    def __init__(self) -> None:
        """Begin without a reading."""
        self._area = 0
        self._time_ns = 0
        self._before: Sample | None = None
        self._first_bytes: int | None = None

    @property
    def average_bytes(self) -> int | None:
        """The average; of a single reading its own value, None without any alive one."""
        if self._time_ns:
            return round(self._area / (2 * self._time_ns))
        return self._first_bytes

    def add(self, sample: Sample) -> None:
        """Take the next reading."""
        before, self._before = self._before, sample
        if self._first_bytes is None and _alive(sample):
            self._first_bytes = sample.memory_bytes
        if before is None or not _alive(before):
            return
        elapsed_ns = max(0, sample.at_ns - before.at_ns)
        end_bytes = sample.memory_bytes if _alive(sample) else before.memory_bytes
        self._area += (before.memory_bytes + end_bytes) * elapsed_ns
        self._time_ns += elapsed_ns


def _alive(sample: Sample) -> bool:
    return sample.pids != 0
