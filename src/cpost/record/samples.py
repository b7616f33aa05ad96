"""The samples of a run, wherever they are: on the disk, in memory, or some here and some there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cpost.errors import RecordError
from cpost.meter.sample import Sample
from cpost.record.run import Samples
from cpost.record.sample_rows import HEADER, RowParser


class HeldFile:
    """A file that stays open, and so readable at ``path``, for as long as somebody needs it."""

    def __init__(self, descriptor: int) -> None:
        """Hold the file that is open as ``descriptor``, which may be closed."""
        self._descriptor = os.dup(descriptor)

    @property
    def path(self) -> Path:
        """Where to open the file, whether it has a name or not."""
        return Path(f"/proc/self/fd/{self._descriptor}")

    def __del__(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class StoredSamples:
    """The samples in a ``samples.csv``, read afresh at each iteration.

    ``count`` is how many there must be; None for a run that never ended: then there may be any
    number, and a torn last line is passed over. Iterating raises RecordError naming the line
    where the file is damaged. ``held`` keeps a file readable that has lost its name.
    """

    path: Path
    count: int | None
    held: HeldFile | None = None

    def __iter__(self) -> Iterator[Sample]:
        """Iterate in the order of time."""
        number = 0
        try:
            with self.path.open("rb") as file:
                header = file.readline()
                if self._never_begun(header):
                    return
                parser = self._parser(header)
                for number, line in enumerate(file, 1):
                    if self.count is None and not line.endswith(b"\n"):
                        return
                    yield self._sample(parser, line, number)
        except OSError as error:
            raise RecordError(f"could not read {self.path}: {error.strerror}") from error
        if self.count is not None and number != self.count:
            raise RecordError(
                f"{self.path}:{number + 1}: the file ends after {number} samples, "
                f"the run has {self.count}"
            )

    def check_header(self) -> None:
        """Raise RecordError where the file is missing or is no file of samples."""
        try:
            with self.path.open("rb") as file:
                header = file.readline()
        except OSError as error:
            raise RecordError(f"could not read {self.path}: {error.strerror}") from error
        if not self._never_begun(header):
            self._parser(header)

    def _never_begun(self, header: bytes) -> bool:
        """Whether the end, or a full disk, came before even the header was written."""
        return not self.count and not header.endswith(b"\n")

    def _parser(self, header: bytes) -> RowParser:
        try:
            return RowParser(header)
        except ValueError as error:
            raise RecordError(f"{self.path}:1: {error}") from error

    def _sample(self, parser: RowParser, line: bytes, number: int) -> Sample:
        try:
            return parser.sample(line)
        except ValueError as error:
            raise RecordError(f"{self.path}:{number + 1}: {error}") from error


class BufferedSamples:
    """Samples that the disk would not take, in bounded memory.

    They are held as the rows they would have become. Once there are ``most_rows`` every other
    one is dropped, and from then on only every second (fourth …) that comes is held.
    """

    def __init__(self, most_rows: int) -> None:
        """Hold at most ``most_rows``, at least 2."""
        self._most_rows = most_rows
        self._rows: list[bytes] = []
        self._every = 1
        self._seen = 0
        self._dropped = 0

    def append(self, row: bytes) -> None:
        """Hold one row, if it is its turn."""
        if len(self._rows) == self._most_rows:
            self._dropped += len(self._rows) // 2
            del self._rows[1::2]
            self._every *= 2
        if self._seen % self._every == 0:
            self._rows.append(row)
        else:
            self._dropped += 1
        self._seen += 1

    def as_text(self) -> bytes:
        """Return all that is held as the rows of a file."""
        return b"".join(self._rows)

    def clear(self) -> None:
        """Hold nothing any more, because it is somewhere else now."""
        self._rows.clear()

    @property
    def dropped(self) -> int:
        """How many are not held any more."""
        return self._dropped

    def __len__(self) -> int:
        """How many are held."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Sample]:
        """Iterate in the order of time."""
        return map(RowParser(HEADER).sample, self._rows)


@dataclass(frozen=True, slots=True)
class ChainedSamples:
    """The samples of ``first``, then those of ``second``."""

    first: Samples
    second: Samples

    def __iter__(self) -> Iterator[Sample]:
        """Iterate in the order of time."""
        yield from self.first
        yield from self.second
