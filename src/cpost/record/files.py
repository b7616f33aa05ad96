"""Writing files so that half a file never looks like a whole one."""

from __future__ import annotations

import errno
import io
import os
import zlib
from contextlib import suppress
from pathlib import Path

from cpost.errors import RecordError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_LONGEST_NAME = 200  # of 255 bytes, so that prefixes, suffixes and numbers find room


def write_all(file: io.FileIO, data: bytes) -> None:
    """Write the whole of ``data``; OSError where the disk takes only a part of it."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) or 0 :]


def write_atomically(path: Path, text: str, *, durable: bool = True) -> None:
    """Put ``text`` at ``path``: whoever looks sees the old file or the new one, never a part.

    ``durable`` makes that true even if the power fails, which may take some milliseconds.
    OSError leaves the old file as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise


def file_name(operator_name: str) -> str:
    """Return the piece of a file name that stands for an operator; equal to it where possible."""
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in operator_name)
    if len(name.encode()) <= _LONGEST_NAME and not name.startswith("."):
        return name
    start = name.encode()[: _LONGEST_NAME - 9].decode(errors="ignore").lstrip(".")
    return f"{start}-{zlib.crc32(operator_name.encode()):08x}"


def not_kept(path: Path, error: OSError, option: str) -> RecordError:
    """Return the error that tells why ``path`` could not be written.

    ``option`` is the command line option that chooses another place, with its value: ``--x DIR``.
    """
    reason = error.strerror or str(error)
    elsewhere = f"keep results elsewhere: {option}"
    if error.errno in _NO_ROOM:
        return RecordError(
            f"could not write {path}: {reason}",
            hint=f"see what is full: df -h {path.parent}; or {elsewhere}",
        )
    return RecordError(f"could not write {path}: {reason}", hint=elsewhere)
