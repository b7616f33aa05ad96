"""Waiting for what must happen, on machines that may be very slow."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 180


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when ``condition`` holds; TimeoutError, saying ``what`` was waited for."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {LIMIT_S} s in vain until {what}")
        time.sleep(0.3)
