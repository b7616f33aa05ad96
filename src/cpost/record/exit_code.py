"""What an exit code tells of itself."""

from __future__ import annotations

import signal

_SIGNAL_BASE = 128  # shells and engines report death by signal n as exit code 128 + n


def signal_name(exit_code: int) -> str:
    """Return the signal behind an exit code of 128 + n, empty for any other."""
    try:
        return signal.Signals(exit_code - _SIGNAL_BASE).name
    except ValueError:
        return ""
