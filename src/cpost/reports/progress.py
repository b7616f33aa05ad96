"""A live line on standard error, for somebody who watches; nothing at all where nobody does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from cpost.meter.sample import Sample
from cpost.record.run import Run
from cpost.units import BYTES_PER_MB, NS_PER_USEC, format_duration

if TYPE_CHECKING:
    from rich.live import Live

_REFRESHES_A_SECOND = 4


class Gauge:
    """What the line says at any moment; the name comes last, for a narrow terminal cuts there."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin empty; ``clock`` tells seconds that never go backwards."""
        self.newest: Sample | None = None
        self._clock = clock
        self._place = ""
        self._title = ""
        self._began_s = clock()
        self._drawn: Sample | None = None
        self._cpu = ""

    def begin(self, title: str, place: str = "") -> None:
        """Show ``title`` (behind ``place``, such as ``[1/4]``) from now on, without figures."""
        self.newest = self._drawn = None
        self._place, self._title, self._cpu = place, title, ""
        self.restart_time()

    def restart_time(self) -> None:
        """Count the time from now on."""
        self._began_s = self._clock()

    def line(self) -> str:
        """Return the line as it is to be drawn now."""
        newest = self.newest
        if newest is None:
            return "  ".join(filter(None, (self._place, self._title)))
        if self._drawn is not None and newest.at_ns > self._drawn.at_ns:
            used_usec = max(0, newest.cpu_usage_usec - self._drawn.cpu_usage_usec)
            cores = used_usec * NS_PER_USEC / (newest.at_ns - self._drawn.at_ns)
            self._cpu = f"CPU {cores * 100:.0f} %"
        self._drawn = newest
        elapsed = format_duration(self._clock() - self._began_s)
        memory = f"{newest.memory_bytes / BYTES_PER_MB:.1f} MB"
        return "  ".join(filter(None, (self._place, elapsed, self._cpu, memory, self._title)))


class Progress:
    """An observer that shows which operator executes, for how long, and what it uses right now.

    Where the stream is no terminal (or one that cannot move its cursor) it does nothing and rich
    is never loaded. The line appears with the first sample, so that whatever others print of the
    start stands above it, and is gone before ``run_ended`` returns: tell this observer before
    those that print. A context manager that removes the line however the block ends.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        *,
        enabled: bool = True,
    ) -> None:
        """Show the line on ``stream``; never if not ``enabled``."""
        self._gauge = Gauge(clock)
        self._live = _live_on(stream, self._gauge.line) if enabled else None

    def run_began(self, operator_name: str, index: int, count: int) -> None:
        """Learn what is executed next."""
        self._hide()
        self._gauge.begin(operator_name, f"[{index}/{count}]")

    def container_started(self, container_id: str) -> None:
        """Count the time from its start."""
        del container_id
        self._gauge.restart_time()

    def sampled(self, sample: Sample) -> None:
        """Remember the newest sample; all else is done when the line is drawn."""
        self._gauge.newest = sample
        self._show()

    def run_ended(self, run: Run) -> None:
        """Remove the line."""
        del run
        self._hide()

    def status(self, text: str) -> None:
        """Show ``text``, one short line, until the next call or event; an empty one removes it."""
        self._gauge.begin(text)
        if text:
            self._show()
        else:
            self._hide()

    def __enter__(self) -> Progress:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the line."""
        self._hide()

    def _show(self) -> None:
        if self._live is not None and not self._live.is_started:
            with suppress(OSError):  # a terminal that has gone away is nobody who watches
                self._live.start()

    def _hide(self) -> None:
        if self._live is not None and self._live.is_started:
            with suppress(OSError):
                self._live.stop()


def _live_on(stream: TextIO, line: Callable[[], str]) -> Live | None:
    """Return a live display of ``line`` on a terminal that can redraw it, else None."""
    if not stream.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return None
    from rich.console import Console  # noqa: PLC0415  # 60 ms that only a terminal costs
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class QuietConsole(Console):
        """Leaves the cursor where it is: a cpost that is killed could not bring it back."""

        def show_cursor(self, show: bool = True) -> bool:
            """Say that nothing was done."""
            del show
            return False

    return Live(
        console=QuietConsole(file=stream, force_terminal=True, highlight=False),
        get_renderable=lambda: Text(line(), no_wrap=True, overflow="ellipsis", end=""),
        refresh_per_second=_REFRESHES_A_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
