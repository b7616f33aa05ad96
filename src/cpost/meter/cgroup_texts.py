"""What stands in files of a cgroup that are neither one number nor lines of key and number.

Every function takes the file and what it said, so that nonsense is told with its name.
"""

from __future__ import annotations

from cpost.meter.counter_file import CounterFile
from cpost.units import MCORES_PER_CORE

# Version 1 writes the largest number of whole pages that fits where there is no limit.
_NO_LIMIT_V1_BYTES = 1 << 60


def number(file: CounterFile, text: bytes) -> int:
    """Return the only number of a file that holds just one."""
    return _number(file, text, text.strip())


def limit(file: CounterFile, text: bytes) -> int | None:
    """Return a limit of version 2; None where it says ``max``."""
    return None if text.strip() == b"max" else _number(file, text, text.strip())


def limit_v1_bytes(file: CounterFile, text: bytes) -> int | None:
    """Return a limit of memory of version 1; None where there is none."""
    limit_bytes = _number(file, text, text.strip())
    return limit_bytes if limit_bytes < _NO_LIMIT_V1_BYTES else None


def quota_mcores(file: CounterFile, text: bytes) -> int | None:
    """Return what ``cpu.max`` allows, ``<quota or max> <period>`` in microseconds; None: all."""
    words = text.split()
    if len(words) != 2:
        raise file.nonsense(text)
    if words[0] == b"max":
        return None
    period_usec = _number(file, text, words[1])
    if period_usec == 0:
        raise file.nonsense(text)
    return _number(file, text, words[0]) * MCORES_PER_CORE // period_usec


def pressure_usec(file: CounterFile, text: bytes) -> dict[str, int]:
    """Return the sums of ``some`` and ``full``: ``some avg10=0.00 … total=1234`` each a line."""
    totals = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(b" ")
        if kind in {b"some", b"full"}:
            totals[kind.decode()] = _number(file, line, rest.rpartition(b"total=")[2])
    return totals


def io_bytes_v2(file: CounterFile, text: bytes) -> tuple[int, int]:
    """Return bytes read and written, all devices together: ``8:0 rbytes=1 wbytes=2 rios=…``."""
    read_bytes = write_bytes = 0
    for word in text.split():
        if word.startswith(b"rbytes="):
            read_bytes += _number(file, text, word[7:])
        elif word.startswith(b"wbytes="):
            write_bytes += _number(file, text, word[7:])
    return read_bytes, write_bytes


def io_bytes_v1(file: CounterFile, text: bytes) -> tuple[int, int]:
    """Return bytes read and written, all devices together: lines like ``8:0 Read 4096``."""
    read_bytes = write_bytes = 0
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3:
            if words[1] == b"Read":
                read_bytes += _number(file, line, words[2])
            elif words[1] == b"Write":
                write_bytes += _number(file, line, words[2])
    return read_bytes, write_bytes


def tightest(*limits: int | None) -> int | None:
    """Return the lowest of several limits, None where none of them is one."""
    return min((one for one in limits if one is not None), default=None)


def _number(file: CounterFile, text: bytes, word: bytes) -> int:
    try:
        number = int(word)
    except ValueError:
        number = -1
    if number < 0:
        raise file.nonsense(text)
    return number
