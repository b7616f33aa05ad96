"""The last lines that a server printed: what is shown where it fails."""

from __future__ import annotations

import threading

_MOST_BYTES = 16_384
_LINES_SHOWN = 15


class LogTail:
    """Takes what a server prints, from any thread, and remembers its end."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._lock = threading.Lock()
        self._end = b""

    def __call__(self, stream: str, data: bytes) -> None:
        """Take a piece; both streams together, as a terminal would show them."""
        del stream
        with self._lock:
            self._end = (self._end + data[-_MOST_BYTES:])[-_MOST_BYTES:]

    def shown(self) -> str:
        """Return the last lines, indented, each from a new line on; empty if there are none."""
        with self._lock:
            text = self._end.decode(errors="replace")
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return "".join(f"\n    {line}" for line in lines[-_LINES_SHOWN:])
