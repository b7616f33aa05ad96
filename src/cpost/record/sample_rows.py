"""Samples as rows of ``samples.csv``, both ways."""

from __future__ import annotations

from typing import Any

from cpost.meter.sample import Sample

COLUMNS = Sample._fields
HEADER = (",".join(COLUMNS) + "\n").encode()
_REQUIRED = ("at_ns", "wall_ns", "cpu_usage_usec", "memory_bytes")


def row_of(sample: Sample) -> bytes:
    """Return the line that stands for ``sample``; an unknown counter is an empty cell."""
    return (",".join(["" if v is None else str(v) for v in sample]) + "\n").encode()


class RowParser:
    """Turns lines back into samples; knows the columns by the names in the header.

    Columns it does not know are skipped, optional ones that are missing read as None, so that
    files of later and earlier versions can be read.
    """

    def __init__(self, header: bytes) -> None:
        """Learn the columns; ValueError where a counter that every sample has is missing."""
        names = header.decode(errors="replace").rstrip("\r\n").split(",")
        missing = [name for name in _REQUIRED if name not in names]
        if missing:
            raise ValueError(f"the header has no column {missing[0]}")
        self._width = len(names)
        self._required = [(name, names.index(name)) for name in _REQUIRED]
        self._optional = [
            (name, names.index(name)) for name in COLUMNS if name in names and name not in _REQUIRED
        ]

    def sample(self, line: bytes) -> Sample:
        """Return the sample of one line; ValueError says what is wrong with it."""
        if not line.endswith(b"\n"):
            raise ValueError("the line is torn")
        cells = line.rstrip(b"\r\n").split(b",")
        if len(cells) != self._width:
            raise ValueError(f"{len(cells)} cells, {self._width} expected")
        values: dict[str, Any] = {
            name: _integer(name, cells[place]) for name, place in self._required
        }
        for name, place in self._optional:
            values[name] = _integer(name, cells[place]) if cells[place] else None
        return Sample(**values)


def _integer(name: str, cell: bytes) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError(f"{name} is no whole number: {cell.decode(errors='replace')!r}") from None
