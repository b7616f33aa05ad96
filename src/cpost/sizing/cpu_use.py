"""What samples tell of CPU time, up to the operator's very end."""

from __future__ import annotations

from typing import NamedTuple

from cpost.meter.sample import Sample
from cpost.sizing.cores_profile import CoresProfile
from cpost.sizing.memory_use import alive
from cpost.sizing.window import HighestWindow


class End(NamedTuple):
    """When an operator had ended, unix time, and what its counter of CPU time then held."""

    wall_ns: int
    cpu_usage_usec: int


class CpuUse:
    """The highest window and the profile of one run.

    The counter at the end is one more reading, and the last: without it, what was used after the
    last sample would be in no window, and the maximum would depend on the interval. Samples from
    after the end say nothing more. Where a sample tells that the operator was still alive later,
    the stamp of the end is of another clock, and is not used.
    """

    def __init__(self, end: End | None, window_ns: int) -> None:
        """Look at windows of ``window_ns``; ``end`` is None where it is not exactly known."""
        self.window = HighestWindow(window_ns)
        self.profile = CoresProfile()
        self._end = end
        self._last: Sample | None = None
        self._over = False

    def add(self, sample: Sample) -> None:
        """Take the next sample."""
        if self._over:
            return
        if self._end is not None and sample.wall_ns >= self._end.wall_ns and not alive(sample):
            self._take_end(self._end, sample)
            return
        self._read(sample.at_ns, sample.cpu_usage_usec)
        self._last = sample

    def finish(self) -> None:
        """Take the end itself, once all samples have been taken."""
        if self._over or self._end is None or self._last is None:
            return
        if self._last.wall_ns < self._end.wall_ns:
            self._take_end(self._end, self._last)

    def _take_end(self, end: End, near: Sample) -> None:
        """Read the end at its time on the clock of the samples, by the one nearest to it."""
        self._over = True
        self._read(near.at_ns + end.wall_ns - near.wall_ns, end.cpu_usage_usec)

    def _read(self, at_ns: int, usec: int) -> None:
        self.window.add(at_ns, usec)
        self.profile.add(at_ns, usec)
