"""Which of this machine's processes are one container's."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from cpost.meter.cgroup_host import PROC, cgroups_of
from cpost.meter.cgroup_rungs import is_containers_own
from cpost.meter.target import Target


class OwnProcesses:
    """Those in a container's cgroup, by their numbers: ``pid in OwnProcesses(target)``.

    A process that was the container's once is remembered, since what it did may be told after it
    has ended. Nothing is known of one that had ended before it was asked for.
    """

    def __init__(self, target: Target, proc: Path = PROC) -> None:
        """Know the container by what is known of ``target`` before its start."""
        self._id = target.cgroup_name
        parent = target.parent_cgroup
        self._parent = None if parent is None else PurePosixPath(parent).name
        self._proc = proc
        self._known: set[int] = set()

    @property
    def can_be_told(self) -> bool:
        """Whether there is a cgroup to know them by."""
        return self._id is not None or self._parent is not None

    def __contains__(self, pid: object) -> bool:
        """Whether it is the container's, or was when it was asked for before."""
        if isinstance(pid, int) and pid not in self._known and self._is_own(pid):
            self._known.add(pid)
        return pid in self._known

    def _is_own(self, pid: int) -> bool:
        parts = {
            part
            for _, name in cgroups_of(self._proc / str(pid) / "cgroup")
            for part in PurePosixPath(name).parts
        }
        if self._id is not None:
            return any(is_containers_own(part, self._id) for part in parts)
        return self._parent in parts
