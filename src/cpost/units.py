"""The one place where quantities get their units, in and out.

Inside cpost every quantity is an int in its base unit and its name says which: ``memory_bytes``,
``cpu_usec``, ``at_ns``. Memory in tables is in MB of 10^6 bytes, as the original printed it;
requests are in MiB of 2^20 bytes, as the platform reads them.
"""

from __future__ import annotations

import re
from datetime import datetime

NS_PER_SECOND = 1_000_000_000
NS_PER_USEC = 1_000
USEC_PER_SECOND = 1_000_000
MCORES_PER_CORE = 1_000
BYTES_PER_MB = 1_000_000
BYTES_PER_MIB = 1 << 20

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


def parse_bytes(text: str) -> int:
    """Return the bytes that ``text`` names: ``65536``, ``64MiB``, ``64m``, ``1.5GB``.

    As in the Docker command line a bare letter is binary (``64m`` = 64 MiB); ``MB`` is 10^6,
    ``MiB`` is 2^20. Raises ValueError for anything else.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a size: {text!r} (examples: 64MiB, 500MB, 65536)")
    number, prefix, binary = match.groups()
    bare_letter = bool(prefix) and not text.strip().lower().endswith("b")
    base = 1024 if binary or bare_letter else 1000
    return int(float(number) * base ** " kmgt".index(prefix.lower() or " "))


def parse_timestamp_ns(stamp: str) -> int | None:
    """Return the unix nanoseconds of an engine's time stamp (RFC 3339).

    None for its "never", and for a text that names no moment.
    """
    match = _STAMP.fullmatch(stamp)
    if match is None or stamp.startswith("0001-"):
        return None
    seconds, fraction, zone = match.groups(default="")
    # datetime knows microseconds at most, so the fraction is read apart.
    try:
        moment = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone))
    except ValueError:
        return None
    return int(moment.timestamp()) * NS_PER_SECOND + int(fraction.ljust(9, "0")[:9])


def format_bytes(count: int) -> str:
    """Return ``count`` bytes for people, in binary units: ``812 B``, ``4.1 MiB``, ``2.0 GiB``."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def format_decimal_bytes(count: int) -> str:
    """Return ``count`` bytes in decimal units: ``812 B``, ``3.4 MB``, ``1.2 GB``."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if round(value, 1) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def format_megabytes(count: int) -> str:
    """Return ``count`` bytes in MB of 10^6 bytes, as tables have it: ``51.2 MB``."""
    return f"{count / BYTES_PER_MB:.1f} MB"


def format_seconds(seconds: float) -> str:
    """Return a time that may be short: ``9.1 s``, ``0.024 s``, ``0 s``, ``under 0.001 s``."""
    if seconds >= 0.1 or seconds == 0:
        return f"{seconds:.1f} s" if seconds else "0 s"
    return f"{seconds:.3f} s" if seconds >= 0.001 else "under 0.001 s"


def format_duration(seconds: float) -> str:
    """Return a length of time for people: ``0.3 s``, ``12.0 s``, ``3m07s``, ``2h05m``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"
