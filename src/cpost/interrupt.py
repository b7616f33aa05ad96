"""Signals become one exception in the main flow, so that every ``with`` unmakes what it made.

While something is being made or unmade (``shielded``) a signal waits, else what was just made
would be forgotten, or what was half unmade be left.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cpost.errors import InterruptedByUserError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Shield:
    """Whether a signal has to wait, and which one waits; signals come to the main thread alone."""

    depth = 0
    waiting: int | None = None


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise InterruptedByUserError in this block upon SIGINT, SIGTERM or SIGHUP.

    The second signal ends the process at once; what it leaves behind is removed by the next
    cpost. Signals that were ignored from the start (``nohup``, background jobs) stay ignored.
    Must be entered in the main thread.
    """
    seen = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            os.write(2, b"\ncpost: interrupted twice: ended at once\n")
            os._exit(128 + number)
        seen = True
        if _Shield.depth:
            _Shield.waiting = number
        else:
            raise InterruptedByUserError(number)

    before = {one: signal.getsignal(one) for one in _SIGNALS}
    caught = [one for one, handler in before.items() if handler is not signal.SIG_IGN]
    for one in caught:
        signal.signal(one, handle)
    try:
        yield
    finally:
        for one in caught:
            signal.signal(one, before[one])


@contextmanager
def shielded() -> Iterator[None]:
    """Let a first signal wait until this block is left; then InterruptedByUserError is raised.

    For blocks that are short. Put what must be unmade if it is raised into a ``try`` around it.
    """
    _Shield.depth += 1
    try:
        yield
    finally:
        _Shield.depth -= 1
        if not _Shield.depth and _Shield.waiting is not None:
            number, _Shield.waiting = _Shield.waiting, None
            raise InterruptedByUserError(number)
