"""The processes that come from this one, for machines where no cgroup holds them together."""

from __future__ import annotations

import ctypes
import os
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from cpost.meter.ending import end_all

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2), Linux 3.4
_PROC = Path("/proc")


def adopt_orphans(*, adopt: bool) -> None:
    """Become, or cease to be, the parent of descendants whose own parent dies.

    Without it a process that cuts loose becomes a child of process 1, and nobody knows any more
    where it came from.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def descendants(but: Collection[int] = ()) -> set[int]:
    """Return all processes that come from this one, except ``but`` and what comes from those.

    Zombies are among them: they are dead, but somebody must still wait for them.
    """
    return set(_states(but))


def kill_descendants(but: Collection[int]) -> bool:
    """End all that come from this process except ``but``; returns whether none is left alive."""
    return end_all(lambda: [pid for pid, state in _states(but).items() if state not in "ZX"])


def reap_adopted(but: Collection[int]) -> None:
    """Wait for the dead that were adopted, so that no zombies are left."""
    for pid in _states(but):
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _states(but: Collection[int]) -> dict[int, str]:
    """Return the states of this process's descendants, by number."""
    states: dict[int, str] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and int(folder.name) not in but:
            with suppress(OSError):  # it ended just now
                states[int(folder.name)], parent = _state_and_parent(folder)
                children[parent].append(int(folder.name))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        theirs = children[waiting.pop()]
        found += theirs
        waiting += theirs
    return {pid: states[pid] for pid in found}


def _state_and_parent(folder: Path) -> tuple[str, int]:
    # The second field is the command in brackets and may itself hold brackets and spaces.
    fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return fields[0], int(fields[1])
