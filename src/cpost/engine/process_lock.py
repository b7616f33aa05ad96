"""The lock of the process engine: one session at a time for each user of a machine."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from cpost.engine.owner import Owner
from cpost.errors import EngineBusyError, EngineError

_FILE = "cpost-process-engine.lock"


@contextmanager
def process_lock(owner: Owner, folder: Path) -> Iterator[None]:
    """Hold the lock in ``folder``; EngineBusyError tells who else holds it, and since when.

    The kernel lets go of it when its holder dies, however that comes about, so there is nothing
    to be cleaned up. The file stays.
    """
    file = folder / _FILE
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EngineError(f"no lock can be taken: {file}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _busy(os.pread(descriptor, 1 << 16, 0)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(owner.labels()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def runtime_dir(environ: Mapping[str, str]) -> Path:
    """Return a folder that is this user's alone: ``$XDG_RUNTIME_DIR``, else one in ``/tmp``.

    Raises EngineError where somebody else has made that one.
    """
    told = environ.get("XDG_RUNTIME_DIR")
    if told and os.access(told, os.W_OK | os.X_OK):
        return Path(told)
    folder = Path(tempfile.gettempdir()) / f"cpost-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EngineError(
            f"{folder} belongs to somebody else", hint=f"sudo rm -rf {folder}, or another $TMPDIR"
        )
    return folder


def _busy(content: bytes) -> EngineBusyError:
    holder = None
    with suppress(ValueError):  # its holder has not written it yet
        holder = Owner.from_labels(json.loads(content))
    if holder is None:
        return EngineBusyError("another cpost executes operators as processes of this user")
    return EngineBusyError(
        f"another cpost executes operators as processes of this user: {holder}",
        hint=f"wait until it has ended, or end it: kill {holder.pid}",
    )
