"""Where a container's cgroup will appear, and noticing that it has."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cpost.meter.cgroup_host import UNIFIED, CgroupHost
from cpost.meter.cgroup_rungs import is_containers_own
from cpost.meter.inotify import CREATED, DELETED, Event, Inotify
from cpost.meter.parent_cgroup import parent_places
from cpost.meter.slices import SliceManager
from cpost.meter.target import Target

# Where engines put containers that were given no parent: Docker with its drivers systemd and
# cgroupfs, Podman with the same two.
_USUAL_FOLDERS = ("system.slice", "docker", "machine.slice", "libpod_parent")
_USUAL_FOLDER_OF_A_USER = "user.slice"  # by the drivers systemd of both, without root

_CONTROLLERS = frozenset({"memory", "cpuacct", "cpu", "pids", "blkio", UNIFIED})


class Appearing:
    """Watches the folders in which the cgroup of ``target`` will appear.

    Folders that are not there yet are watched for from the nearest one above them. ``own`` are the
    directories that have appeared, by controller. A cgroup counts if the container's id is in its
    name, and only there: it is nobody else's.
    """

    def __init__(self, target: Target, host: CgroupHost, inotify: Inotify) -> None:
        self.own: dict[str, Path] = {}
        self._id = target.cgroup_name or ""
        self._inotify = inotify
        self._controllers: dict[Path, list[str]] = defaultdict(list)  # by mount point
        self._folders: dict[int, tuple[Path, Path]] = {}  # mount point and folder, by watch
        self._on_the_way: set[Path] = set()
        for controller, hierarchy in host.hierarchies.items():
            if controller in _CONTROLLERS and (controller == UNIFIED) == (host.version == 2):
                self._controllers[hierarchy.mount_point].append(controller)
        for folder in _folders(target, host):
            self._on_the_way |= {folder, *folder.parents}
        for mount_point in self._controllers:
            self._enter(mount_point, mount_point)

    @property
    def complete(self) -> bool:
        """Whether it has appeared everywhere."""
        return len(self.own) == sum(map(len, self._controllers.values()))

    def take(self, event: Event) -> bool:
        """Take note of what happened in a folder; return whether the container's cgroup went."""
        if event.watch not in self._folders or not event.name:
            return False
        mount_point, folder = self._folders[event.watch]
        if event.mask & DELETED:
            return folder / event.name in self.own.values()
        self._appeared(mount_point, folder / event.name)
        return False

    def _enter(self, mount_point: Path, folder: Path) -> None:
        with suppress(OSError):  # it is not there, or went away again
            watch = self._inotify.watch(folder, CREATED | DELETED, directory=True)
            self._folders[watch] = (mount_point, folder)
            # What was made before it was watched is not told.
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        self._appeared(mount_point, folder / entry.name)

    def _appeared(self, mount_point: Path, directory: Path) -> None:
        if is_containers_own(directory.name, self._id):
            self.own.update(dict.fromkeys(self._controllers[mount_point], directory))
        elif directory in self._on_the_way:
            self._enter(mount_point, directory)


def _folders(target: Target, host: CgroupHost) -> Iterator[Path]:
    if target.parent_cgroup is not None:
        yield from parent_places(target.parent_cgroup, host).values()
        return
    for hierarchy in host.hierarchies.values():
        yield from (hierarchy.mount_point / name for name in _USUAL_FOLDERS)
        users = SliceManager.of_user(os.geteuid()).folder
        yield hierarchy.mount_point / users / _USUAL_FOLDER_OF_A_USER
