"""What an operator prints, on its way to the disk, and no more of it than was allowed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from cpost.record.files import write_all
from cpost.record.sample_writer import TellFailure

STREAMS = ("stdout", "stderr")


@dataclass(slots=True)
class _Log:
    path: Path
    file: FileIO | None
    kept_bytes: int = 0
    cut_bytes: int = 0


class LogWriter:
    """Writes ``stdout.log`` and ``stderr.log``; may be called from any thread.

    Both together never hold more than ``max_bytes``, first come, first served. What comes after
    is counted and discarded, and the last line of a log that was cut says how much is missing;
    room for that line is taken from the end of the log. Only where ``max_bytes`` is too small
    for the line itself does it go unsaid there.
    """

    def __init__(self, directory: Path, max_bytes: int, tell_failure: TellFailure) -> None:
        """Begin both logs; what the disk does not take is told to ``tell_failure``."""
        self._max_bytes = max_bytes
        self._tell_failure = tell_failure
        self._lock = threading.Lock()
        self._closed = False
        self._refused = False
        self._logs = {stream: self._open(directory / f"{stream}.log") for stream in STREAMS}

    @property
    def kept_bytes(self) -> dict[str, int]:
        """How many bytes of each stream are on the disk."""
        return {stream: log.kept_bytes for stream, log in self._logs.items()}

    @property
    def why_cut(self) -> str:
        """What kept the rest from being kept: the disk, or the limit."""
        return "the disk refused it" if self._refused else f"--max_log_bytes {self._max_bytes}"

    @property
    def cut_bytes(self) -> dict[str, int]:
        """How many bytes of each stream are not."""
        return {stream: log.cut_bytes for stream, log in self._logs.items()}

    def write(self, stream: str, data: bytes) -> None:
        """Keep what was printed to ``stream``, as far as there is room."""
        with self._lock:
            log = self._logs[stream]
            room = 0 if self._closed else self._max_bytes - sum(self.kept_bytes.values())
            kept = self._append(log, data[:room]) if room > 0 else 0
            log.cut_bytes += len(data) - kept

    def close(self) -> None:
        """End both logs; what is printed from now on is only counted."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._say_what_is_cut()
            for log in self._logs.values():
                if log.file is not None:
                    log.file.close()

    def _open(self, path: Path) -> _Log:
        try:
            return _Log(path, FileIO(path, "x"))
        except OSError as error:
            self._refused = True
            self._tell_failure(path, error)
            return _Log(path, None)

    def _append(self, log: _Log, data: bytes) -> int:
        """Return how much of ``data`` the disk took."""
        if log.file is None:
            return 0
        before = log.kept_bytes
        try:
            write_all(log.file, data)
        except OSError as error:
            self._refused = True
            self._tell_failure(log.path, error)
        log.kept_bytes = log.file.tell()
        return log.kept_bytes - before

    def _say_what_is_cut(self) -> None:
        cut = [log for log in self._logs.values() if log.cut_bytes]
        if not cut:
            return
        longest = max(self._logs.values(), key=lambda log: log.kept_bytes)
        room = self._max_bytes - sum(self.kept_bytes.values())
        # The line names a number that grows by what the line itself pushes out.
        line_bytes = len(self._line(sum(log.cut_bytes for log in cut) + self._max_bytes))
        if line_bytes * len(cut) > room and not longest.cut_bytes:
            cut.append(longest)
        excess = max(0, line_bytes * len(cut) - room)
        if longest.kept_bytes < excess:
            return
        if excess and longest.file is not None:
            longest.cut_bytes += excess
            longest.kept_bytes = longest.file.truncate(longest.kept_bytes - excess)
            longest.file.seek(longest.kept_bytes)
        for log in cut:
            self._append(log, self._line(log.cut_bytes))

    def _line(self, cut_bytes: int) -> bytes:
        return f"\n[cpost: {cut_bytes} bytes cut: {self.why_cut}]\n".encode()
