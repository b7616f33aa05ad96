"""The highest rate of a counter over any window of a fixed width."""

from __future__ import annotations

from collections import deque

from cpost.units import NS_PER_USEC


class HighestWindow:
    """The steepest stretch of a fixed width under a counter that only grows.

    Between two readings the counter is taken to grow evenly. A window may start and end anywhere;
    but the growth over it changes at one rate until one of its ends meets a reading, so one of
    the steepest windows starts or ends at a reading, and only those are looked at. The result
    does not depend on how often the counter was read, only on how well it was.

    A counter that goes backwards has been reset or misread. Such readings are passed over, until
    it passes its highest value again: that may hide some usage, but invents none.
    """

    def __init__(self, width_ns: int) -> None:
        """Look at windows of ``width_ns``."""
        self.went_backwards = False
        self._width_ns = width_ns
        self._highest_usec: float | None = None
        # The readings from the last one at or before the start of the newest window.
        self._points: deque[tuple[int, int]] = deque()
        # How many of them have not yet been the start of a window.
        self._not_started = 0

    @property
    def counter_usec(self) -> int | None:
        """The counter's highest value; None before the first reading."""
        return self._points[-1][1] if self._points else None

    @property
    def highest_cores(self) -> float | None:
        """The steepest growth in microseconds a microsecond; None if no window fitted in."""
        if self._highest_usec is None:
            return None
        return self._highest_usec * NS_PER_USEC / self._width_ns

    def add(self, at_ns: int, usec: int) -> None:
        """Take the next reading; one that is not later than the last only raises the counter."""
        if not self._points:
            self._points.append((at_ns, usec))
            self._not_started = 1
            return
        last_ns, last_usec = self._points[-1]
        if usec < last_usec:
            self.went_backwards = True
            return
        if at_ns <= last_ns:
            self._points[-1] = (last_ns, usec)
            return
        self._points.append((at_ns, usec))
        self._not_started += 1
        self._look_at_windows_that_start_at_readings()
        self._look_at_window_that_ends_here()

    def _look_at_windows_that_start_at_readings(self) -> None:
        """Look at those whose end lies between the newest two readings."""
        newest_ns, _ = self._points[-1]
        while self._not_started:
            start_ns, start_usec = self._points[-self._not_started]
            if start_ns + self._width_ns > newest_ns:
                return
            end_usec = _between(self._points[-2], self._points[-1], start_ns + self._width_ns)
            self._look_at(end_usec - start_usec)
            self._not_started -= 1

    def _look_at_window_that_ends_here(self) -> None:
        newest_ns, newest_usec = self._points[-1]
        start_ns = newest_ns - self._width_ns
        if start_ns < self._points[0][0]:
            return
        while self._points[1][0] <= start_ns:
            self._points.popleft()
        self._look_at(newest_usec - _between(self._points[0], self._points[1], start_ns))

    def _look_at(self, growth_usec: float) -> None:
        if self._highest_usec is None or growth_usec > self._highest_usec:
            self._highest_usec = growth_usec


def _between(before: tuple[int, int], after: tuple[int, int], at_ns: int) -> float:
    """Return the counter at a moment between two readings."""
    before_ns, before_usec = before
    after_ns, after_usec = after
    share = (at_ns - before_ns) / (after_ns - before_ns)
    return before_usec + (after_usec - before_usec) * share
