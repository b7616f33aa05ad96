"""Signals become one exception in the main flow, so that every ``with`` unmakes what it made."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cpost.errors import InterruptedByUserError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
            os.write(sys.stderr.fileno(), b"\ncpost: interrupted twice: ended at once\n")
            os._exit(128 + number)
        seen = True
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
