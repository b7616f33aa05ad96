"""One file of a cgroup, opened once and held: a reading is a single ``pread``.

A held descriptor gives fresh values for a tenth of what opening the file again costs. Once the
cgroup is removed it gives ENODEV, which is an end and not an error.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cpost.errors import MeasureError

# Every file read here is written by the kernel in one piece, so one read gets it whole. The
# longest are memory.stat (some 2 KB) and io.stat (some 90 bytes a disk).
_LONGEST_BYTES = 1 << 16

# ENOENT instead of ENODEV: the file of a controller that was switched off beneath us.
_VANISHED = frozenset({errno.ENODEV, errno.ENOENT})

# EOPNOTSUPP: the kernel could tell it, but was started without (pressure, with psi=0).
_NOT_TOLD = frozenset({errno.ENOENT, errno.EOPNOTSUPP})


class VanishedError(Exception):
    """The cgroup was removed; there is nothing to read any more."""


class CounterFile:
    """A file of counters that stays open; raises MeasureError if it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise MeasureError(f"{path}: {error.strerror}") from error

    def read(self) -> bytes:
        """Return what the file says now.

        Raises VanishedError when the cgroup is gone, MeasureError when the kernel refuses.
        """
        try:
            return os.pread(self._descriptor, _LONGEST_BYTES, 0)
        except OSError as error:
            if error.errno in _VANISHED:
                raise VanishedError from error
            raise MeasureError(f"{self.path}: {error.strerror}") from error

    def number(self) -> int:
        """Return the only number of a file that holds just one; MeasureError, VanishedError."""
        text = self.read()
        try:
            number = int(text)
        except ValueError:
            number = -1
        if number < 0:
            raise self.nonsense(text)
        return number

    def nonsense(self, text: bytes) -> MeasureError:
        """Return the error for ``text``, which no kernel would write into this file."""
        return MeasureError(f"{self.path}: not what a kernel writes: {text.strip()[:80]!r}")

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


class HeldFiles:
    """The files that a reader holds open, closed together."""

    def __init__(self) -> None:
        self._files: list[CounterFile] = []

    def need(self, path: Path) -> CounterFile:
        """Open a file without which nothing can be measured; closes all if it is not there."""
        try:
            file = CounterFile(path)
        except MeasureError:
            self.close()
            raise
        self._files.append(file)
        return file

    def want(self, path: Path) -> CounterFile | None:
        """Open a file that not every kernel or every cgroup has, None where there is none."""
        try:
            file = CounterFile(path)
        except MeasureError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in _NOT_TOLD:
                return None
            self.close()
            raise
        self._files.append(file)
        return file

    def need_unless_gone(self, path: Path) -> CounterFile | None:
        """Open a file that its cgroup must have, as ``need`` does; None if the cgroup is gone."""
        file = self.want(path)
        if file is None and path.parent.is_dir():
            return self.need(path)
        return file

    def close(self) -> None:
        """Close them all; may be called again."""
        while self._files:
            self._files.pop().close()
