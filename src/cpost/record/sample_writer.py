"""Samples on their way to the disk, or into memory where the disk will not take them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from cpost.meter.sample import Sample
from cpost.record.files import write_all
from cpost.record.run import Samples
from cpost.record.sample_rows import HEADER, row_of
from cpost.record.samples import BufferedSamples, ChainedSamples, HeldFile, StoredSamples

MOST_ROWS_IN_MEMORY = 100_000  # some 13 MB; at ten a second nearly three hours

TellFailure = Callable[[Path, OSError], None]


class SampleWriter:
    """Writes ``samples.csv`` row by row; whoever reads it sees every row that was appended.

    The first row that cannot be written is told to ``tell_failure``; it and all that follow are
    held in memory, and tried once more when the writer is closed.
    """

    def __init__(
        self, path: Path, tell_failure: TellFailure, most_rows: int = MOST_ROWS_IN_MEMORY
    ) -> None:
        """Begin the file with its header."""
        self._path = path
        self._tell_failure = tell_failure
        self._waiting = BufferedSamples(most_rows)
        self._stored = 0
        self._stored_bytes = 0
        self._failed = False
        self._file: FileIO | None = None
        try:
            self._file = FileIO(path, "x")
        except OSError as error:
            self._fail(error)
        self._write(HEADER)

    @property
    def stored(self) -> int:
        """How many samples are in the file."""
        return self._stored

    @property
    def waiting(self) -> int:
        """How many samples are in memory alone."""
        return len(self._waiting)

    @property
    def dropped(self) -> int:
        """How many samples are nowhere any more."""
        return self._waiting.dropped

    def append(self, sample: Sample) -> None:
        """Keep one sample."""
        row = row_of(sample)
        if not self._failed and self._write(row):
            self._stored += 1
        else:
            self._waiting.append(row)

    def close(self) -> Samples:
        """Close the file and return all samples; more can follow no longer."""
        if self._file is None:
            return self._waiting
        if self._failed:
            self._retry()
        stored = StoredSamples(self._path, self._stored)
        if self._lost_its_name(self._file):
            held = HeldFile(self._file.fileno())
            stored = StoredSamples(held.path, self._stored, held)
        self._file.close()
        return ChainedSamples(stored, self._waiting) if len(self._waiting) else stored

    def _write(self, data: bytes) -> bool:
        """Append ``data`` to the file; whether all of it is there."""
        if self._file is None:
            return False
        try:
            write_all(self._file, data)
        except OSError as error:
            self._fail(error)
            with suppress(OSError):  # cut the torn end
                self._file.truncate(self._stored_bytes)
                self._file.seek(self._stored_bytes)
            return False
        self._stored_bytes += len(data)
        return True

    def _retry(self) -> None:
        """Write what waits in memory, now that the disk may have room again."""
        header = b"" if self._stored_bytes else HEADER
        if self._write(header + self._waiting.as_text()):
            self._stored += len(self._waiting)
            self._waiting.clear()

    def _lost_its_name(self, file: FileIO) -> bool:
        """Whether the file was removed or replaced behind our back."""
        try:
            there = self._path.stat()
        except OSError as error:
            self._fail(error)
            return True
        return not os.path.samestat(there, os.fstat(file.fileno()))

    def _fail(self, error: OSError) -> None:
        self._failed = True
        self._tell_failure(self._path, error)
