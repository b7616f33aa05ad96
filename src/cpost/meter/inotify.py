"""What the kernel tells of changes in directories and files: inotify(7), without a library."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

CREATED = 0x100  # IN_CREATE: something was made in a watched directory
DELETED = 0x200  # IN_DELETE: something was removed from a watched directory
WRITTEN = 0x2  # IN_MODIFY: by somebody, or by the kernel of a file of a cgroup

_ONLY_DIRECTORIES = 0x01000000  # IN_ONLYDIR
_DONT_FOLLOW = 0x02000000  # IN_DONT_FOLLOW

_HEADER = struct.Struct("iIII")  # watch, what happened, cookie, length of the name that follows
_MOST_BYTES = 1 << 16


class Event(NamedTuple):
    """Something that has happened to what ``watch`` stands for; ``name`` is in it, or empty."""

    watch: int
    mask: int
    name: str


class Inotify:
    """Watches, and waits for what happens; OSError where the kernel has no more to give."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._checked(
            self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK), "inotify"
        )
        self._woken, self._waker = os.pipe()
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)

    def watch(self, path: Path, mask: int, *, directory: bool = False) -> int:
        """Watch a path; return the number that its events carry. OSError if it is not there."""
        flags = mask | _DONT_FOLLOW | (_ONLY_DIRECTORIES if directory else 0)
        return self._checked(
            self._libc.inotify_add_watch(
                ctypes.c_int(self._descriptor), os.fsencode(path), ctypes.c_uint32(flags)
            ),
            str(path),
        )

    def wait(self, timeout_s: float | None = None) -> list[Event] | None:
        """Sleep until something has happened; empty after ``timeout_s``, None once woken."""
        ready = dict(self._poll.poll(None if timeout_s is None else timeout_s * 1000))
        if self._woken in ready:
            return None
        return _events(os.read(self._descriptor, _MOST_BYTES)) if ready else []

    def wake(self) -> None:
        """Let ``wait`` return None, now and from now on."""
        os.write(self._waker, b"\0")

    def __enter__(self) -> Inotify:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all watches."""
        for descriptor in (self._descriptor, self._woken, self._waker):
            os.close(descriptor)

    @staticmethod
    def _checked(result: int, what: str) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), what)
        return result


def _events(data: bytes) -> list[Event]:
    found = []
    at = 0
    while at < len(data):
        watch, mask, _, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        found.append(Event(watch, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))))
        at += length
    return found
