"""The real clock."""

from __future__ import annotations

import time


class SystemClock:
    """Time as the kernel tells it; fills the port's ``Clock``."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go backwards."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Unix time in nanoseconds, UTC."""
        return time.time_ns()
