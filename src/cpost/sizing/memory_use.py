"""What samples tell of memory: its average, its maxima, and how fast file memory can grow."""

from __future__ import annotations

from cpost.meter.sample import Sample


class MemoryUse:
    """Memory over the samples of a living operator; a figure is None where none tells it."""

    def __init__(self) -> None:
        """Begin without a sample."""
        self.maximum_bytes: int | None = None
        self.working_set_maximum_bytes: int | None = None
        self.hard_maximum_bytes: int | None = None
        # The most that file memory grew from one sample to the next; the first sample counts
        # too, because a run begins with none.
        self.file_growth_maximum_bytes: int | None = None
        self._file_bytes = 0
        self._average = MemoryAverage()

    @property
    def average_bytes(self) -> int | None:
        """The average over the time in which the operator was alive."""
        return self._average.average_bytes

    def add(self, sample: Sample) -> None:
        """Take the next sample."""
        self._average.add(sample)
        if not alive(sample):  # what is left after the end says nothing of the operator
            return
        self.maximum_bytes = larger(self.maximum_bytes, sample.memory_bytes)
        self.working_set_maximum_bytes = larger(
            self.working_set_maximum_bytes, sample.working_set_bytes
        )
        self.hard_maximum_bytes = larger(self.hard_maximum_bytes, sample.hard_bytes)
        if sample.hard_bytes is not None:
            file_bytes = sample.memory_bytes - sample.hard_bytes
            growth_bytes = max(0, file_bytes - self._file_bytes)
            self.file_growth_maximum_bytes = larger(self.file_growth_maximum_bytes, growth_bytes)
            self._file_bytes = file_bytes


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
        if self._first_bytes is None and alive(sample):
            self._first_bytes = sample.memory_bytes
        if before is None or not alive(before):
            return
        elapsed_ns = max(0, sample.at_ns - before.at_ns)
        end_bytes = sample.memory_bytes if alive(sample) else before.memory_bytes
        self._area += (before.memory_bytes + end_bytes) * elapsed_ns
        self._time_ns += elapsed_ns


def alive(sample: Sample) -> bool:
    """Whether the operator may still have been alive when the sample was taken."""
    return sample.pids != 0


def larger(one: int | None, other: int | None) -> int | None:
    """Return the larger of two figures that may both be unknown."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
