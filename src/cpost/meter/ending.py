"""Ending processes that may beget others while they are being ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress

# How long the kernel may take to let go of a process that was killed.
_PATIENCE_S = 2.0
_PAUSE_S = 0.005


def end_all(find: Callable[[], Collection[int]]) -> bool:
    """Kill what ``find`` tells, again and again; returns whether it came to tell nothing.

    ``find`` returns the numbers of those still alive. Processes of others are left alone.
    """
    give_up_at = time.monotonic() + _PATIENCE_S
    while alive := find():
        if time.monotonic() > give_up_at:
            return False
        for pid in alive:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_S)
    return True
