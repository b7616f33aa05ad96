"""What this host offers for measuring: which cgroup version, mounted where, accounting what."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpost.errors import MeasureError

UNIFIED = "unified"  # what the hierarchy of version 2 is called here, beside v1's controllers

PROC = Path("/proc")

# What stands among the controllers in the options of a mount of version 1.
_MOUNT_OPTIONS = frozenset({"rw", "ro", "xattr", "noprefix", "clone_children"})

_MEMORY_HINT = "switch it on with the kernel parameter cgroup_enable=memory, then reboot"
_MOUNT_HINT = "mount one: mount -t cgroup2 none /sys/fs/cgroup"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A tree of cgroups: where it is mounted, and which cgroup of it is seen there.

    ``root`` is ``/`` except inside a container that sees only a part of its host's tree.
    """

    mount_point: Path
    root: str = "/"

    def directory(self, cgroup_path: str) -> Path | None:
        """Return where a cgroup, named as in ``/proc/<pid>/cgroup``, is seen; None if it is not."""
        if self.root != "/":
            if cgroup_path != self.root and not cgroup_path.startswith(self.root + "/"):
                return None
            cgroup_path = cgroup_path[len(self.root) :]
        elif cgroup_path == "/.." or cgroup_path.startswith("/../"):
            return None  # outside the cgroup namespace of this process
        return self.mount_point / cgroup_path.lstrip("/")


@dataclass(frozen=True, slots=True)
class CgroupHost:
    """The cgroups of this host.

    ``version`` is the one that accounts memory, or else CPU time; None where no cgroup is mounted.
    ``hierarchies`` are v1's by controller (and by name, as ``name=systemd``) and, under
    ``UNIFIED``, the one of v2, which may stand empty beside those of v1. ``controllers`` are those
    of ``version``.
    """

    version: int | None
    hierarchies: Mapping[str, Hierarchy]
    controllers: frozenset[str]
    proc: Path = PROC

    def require_usable(self) -> None:
        """Raise MeasureError, with the way to mend it, where cgroups cannot tell memory and CPU."""
        if self.version is None:
            raise MeasureError("no cgroup hierarchy is mounted on this machine", hint=_MOUNT_HINT)
        if self.version == 1 and "memory" not in self.controllers and _has_memory(self.proc):
            raise MeasureError(
                "the memory controller of cgroup v1 is not mounted, or not to be seen",
                hint="mkdir -p /sys/fs/cgroup/memory && "
                "mount -t cgroup -o memory none /sys/fs/cgroup/memory",
            )
        if "memory" not in self.controllers:
            raise MeasureError(
                f"the kernel accounts no memory: cgroup v{self.version} has no memory controller",
                hint=_MEMORY_HINT,
            )
        if self.version == 1 and "cpuacct" not in self.controllers:
            raise MeasureError(
                "the kernel accounts no CPU time: cgroup v1 has no cpuacct controller",
                hint="mount it: mount -t cgroup -o cpu,cpuacct none /sys/fs/cgroup/cpu,cpuacct",
            )

    def directories_of(self, pid: int) -> dict[str, tuple[str, Path]]:
        """Return the cgroups that a process is in, by controller: their names and directories.

        Empty where the process has ended.
        """
        found = {}
        for controller, name in cgroups_of(self.proc / str(pid) / "cgroup"):
            hierarchy = self.hierarchies.get(controller)
            directory = hierarchy.directory(name) if hierarchy is not None else None
            if directory is not None:
                found[controller] = (name, directory)
        return found


def cgroup_host(proc: Path = PROC) -> CgroupHost:
    """Look at what is mounted; never fails, see ``CgroupHost.require_usable``."""
    hierarchies: dict[str, Hierarchy] = {}
    try:
        mounts = (proc / "self" / "mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        mounts = ""
    for line in mounts.splitlines():
        for controller, hierarchy in _hierarchies_of(line):
            # The first mount counts: a later one may be a copy made for a container. But one that
            # is hidden beneath another mount is listed too, and is of no use.
            if os.access(hierarchy.mount_point / "cgroup.procs", os.F_OK):
                hierarchies.setdefault(controller, hierarchy)
    unified = _unified_controllers(hierarchies.get(UNIFIED))
    legacy = frozenset(hierarchies) - {UNIFIED}
    for wanted in ("memory", "cpuacct"):
        if wanted in legacy:
            return CgroupHost(1, hierarchies, legacy, proc)
        if UNIFIED in hierarchies and wanted in unified:
            return CgroupHost(2, hierarchies, unified, proc)
    version = 2 if UNIFIED in hierarchies else 1 if legacy else None
    return CgroupHost(version, hierarchies, unified if version == 2 else legacy, proc)


def _hierarchies_of(line: str) -> list[tuple[str, Hierarchy]]:
    """Return what one line of ``mountinfo`` mounts, see proc(5): fields, a hyphen, the kind."""
    fields, _, rest = line.partition(" - ")
    words, kind = fields.split(" "), rest.split(" ")
    if len(words) < 5 or len(kind) < 3:
        return []
    hierarchy = Hierarchy(Path(_unescaped(words[4])), _unescaped(words[3]))
    if kind[0] == "cgroup2":
        return [(UNIFIED, hierarchy)]
    if kind[0] == "cgroup":
        return [(name, hierarchy) for name in kind[2].split(",") if name not in _MOUNT_OPTIONS]
    return []


def _unescaped(text: str) -> str:
    r"""Return a path of ``mountinfo``, where a space is written ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _unified_controllers(hierarchy: Hierarchy | None) -> frozenset[str]:
    """Return the controllers of version 2 at its root."""
    if hierarchy is None:
        return frozenset()
    try:
        text = (hierarchy.mount_point / "cgroup.controllers").read_text("ascii", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(text.split())


def _has_memory(proc: Path) -> bool:
    """Whether the kernel accounts memory; its list tells name, hierarchy, cgroups, enabled."""
    try:
        lines = (proc / "cgroups").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    words = [line.split() for line in lines]
    return any(one[0] == "memory" and one[-1] == "1" for one in words if one)


def cgroups_of(file: Path) -> list[tuple[str, str]]:
    """Return controller and cgroup name of each line ``4:memory:/name``; none if it has ended."""
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # it has ended, or nobody may look at it
        return []
    found = []
    for line in text.splitlines():
        if line.count(":") < 2:
            continue
        _, controllers, name = line.split(":", 2)
        found += [(controller or UNIFIED, name) for controller in controllers.split(",")]
    return found
