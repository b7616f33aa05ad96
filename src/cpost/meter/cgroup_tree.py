"""What can be done to a cgroup directory and all below it: hand on controllers, kill, remove."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cpost.meter.ending import end_all

# How long the kernel may take to let go of a cgroup whose processes have ended.
_PATIENCE_S = 2.0
_PAUSE_S = 0.005


def write(file: Path, text: str) -> None:
    """Write to a file of a cgroup, which is never made by writing to it; OSError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)


def delegate(directory: Path) -> None:
    """Let the children of a cgroup of version 2 account what can be accounted.

    Memory is a must, so OSError is raised where its controller cannot be handed on.
    """
    control = directory / "cgroup.subtree_control"
    given = set(control.read_text("ascii", errors="replace").split())
    if "memory" not in given:
        write(control, "+memory")
    for controller in {"cpu", "io", "pids"} - given:
        with suppress(OSError):
            write(control, f"+{controller}")


def kill(directories: Iterable[Path]) -> bool:
    """End every process in these cgroups and below them; returns whether none is left."""
    directories = list(directories)
    for directory in directories:
        with suppress(OSError):  # Linux 5.14, version 2: all at once, later forks included
            write(directory / "cgroup.kill", "1")
    return end_all(lambda: {pid for one in directories for pid in _processes(one)})


def remove(directory: Path) -> bool:
    """Remove a cgroup and those below it; returns whether it is gone.

    A cgroup is busy for a moment after its last process has ended, so this waits a little.
    """
    give_up_at = time.monotonic() + _PATIENCE_S
    for cgroup in _deepest_first(directory):
        while not _remove_one(cgroup):
            if time.monotonic() > give_up_at:
                return False
            time.sleep(_PAUSE_S)
    return not directory.exists()


def _remove_one(directory: Path) -> bool:
    """Remove one cgroup without children; False where it is busy, True else, even if it stays."""
    try:
        directory.rmdir()
    except OSError as error:
        return error.errno != errno.EBUSY
    return True


def _deepest_first(directory: Path) -> Iterator[Path]:
    """Yield every cgroup below a directory, children before their parents, and itself last."""
    for folder, _, _ in os.walk(directory, topdown=False):
        yield Path(folder)


def _processes(directory: Path) -> Iterator[int]:
    """Yield the processes in a cgroup and below it that can still do anything."""
    for cgroup in _deepest_first(directory):
        with suppress(OSError):
            for word in (cgroup / "cgroup.procs").read_text("ascii", errors="replace").split():
                # 0 is a process of another PID namespace; to a signal it would mean ourselves.
                if word.isdigit() and word != "0" and not _is_zombie(int(word)):
                    yield int(word)


def _is_zombie(pid: int) -> bool:
    """Whether a process only waits to be waited for; before Linux 5.2 cgroups still list it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"
