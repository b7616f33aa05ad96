"""Printing that cannot end a measurement: a failure to write is remembered, not raised."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from cpost.errors import RecordError


class SafeStream:
    """A text stream that swallows the first failure to write and everything after it."""

    def __init__(self, stream: TextIO, name: str) -> None:
        """Write to ``stream``, called ``name`` in messages."""
        self._stream = stream
        self._name = name
        self.failure: RecordError | None = None
        self.reader_left = False  # a closed pipe, as behind ``| head``

    def write(self, text: str) -> int:
        """Write and flush ``text``, or nothing if the stream has failed before."""
        if self.failure is None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def isatty(self) -> bool:
        """Whether a person may be looking."""
        return self._stream.isatty()

    def _fail(self, error: OSError) -> None:
        self.reader_left = isinstance(error, BrokenPipeError)
        self.failure = RecordError(
            f"{self._name} could not be written: {error.strerror}",
            hint="the tables can be had from the run directories, and with --json FILE",
        )
        # What is still in the stream's buffer would fail once more when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def print_whole(text: str) -> None:
    """Print a whole report to stdout; RecordError where it cannot be written.

    A reader who has seen enough (``| head``) is no error.
    """
    out = SafeStream(sys.stdout, "stdout")
    out.write(text)
    if out.failure is not None and not out.reader_left:
        raise out.failure
