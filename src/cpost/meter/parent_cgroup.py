"""The fresh parent cgroup of a run, which outlives the container started beneath it.

A container's own cgroup is gone the moment it ends, and with it the last interval, every peak
between two samples and short containers altogether. What dead children used stays in the parent.
It must be fresh for every run: page cache of a dead child stays charged to it, and its high-water
marks cannot be reset (before Linux 6.12 not at all).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cpost.errors import MeasureError
from cpost.meter import cgroup_tree
from cpost.meter.cgroup_host import UNIFIED, CgroupHost
from cpost.meter.cgroup_places import FOLDER, SHARED_SLICE, hierarchies, parent_directories, places
from cpost.meter.slices import (
    StopSlice,
    remove_shared_slice,
    remove_slice,
    slice_refusal,
    stop_slice,
    stop_users_slice,
    users_slice_refusal,
)
from cpost.meter.user_tree import user_tree

# What is worth measuring, and version 2's cgroup.kill, which no fork bomb outruns.
_MADE_FOR = frozenset({"memory", "cpuacct", "cpu", "pids", "blkio", UNIFIED})


class ParentCgroup:
    """A parent cgroup by its name; it exists once an engine, or ``make``, has made it.

    ``name`` is what an engine is told: ``/cpost/<token>`` for the driver cgroupfs,
    ``cpost-<token>.slice`` for systemd. ``token`` is letters and digits, new for every run.
    ``users`` is the user's own part of the tree, where it is to be made without root.
    """

    def __init__(
        self,
        token: str,
        *,
        driver: str,
        host: CgroupHost,
        users: Path | None = None,
        stop_slice: StopSlice | None = None,
    ) -> None:
        self._is_slice = driver == "systemd"
        self._host = host
        self._stop_slice = stop_slice or _stop_slice(users)
        if self._is_slice:
            self.name = f"{FOLDER}-{token}.slice"
        else:
            self.name = f"/{FOLDER}/{token}"
            if users is not None:
                above = users.relative_to(host.hierarchies[UNIFIED].mount_point)
                self.name = f"/{above}{self.name}"
        self._places = places(self.name, host, users)

    def directories(self) -> dict[str, Path]:
        """Return those of its directories that exist now, as ``parent_directories`` does."""
        return parent_directories(self.name, self._host)

    def make(self) -> None:
        """Make it (driver cgroupfs only); raises MeasureError, and leaves nothing, if it cannot."""
        made: list[Path] = []
        try:
            for controller, place in self._places.items():
                if controller not in _MADE_FOR or place in made:
                    continue  # version 1 may have several controllers in one hierarchy
                place.parent.mkdir(exist_ok=True)
                if self._host.version == 2:
                    cgroup_tree.delegate(place.parent.parent)
                    cgroup_tree.delegate(place.parent)
                place.mkdir()
                made.append(place)
        except OSError as error:
            for place in made:
                cgroup_tree.remove(place)
            _remove_folder_above(self._places.values())
            raise MeasureError(f"no cgroup can be made: {error}") from error

    def add(self, pid: int) -> None:
        """Move a process into it; raises MeasureError if it cannot be moved."""
        for directory in set(self.directories().values()):
            try:
                cgroup_tree.write(directory / "cgroup.procs", str(pid))
            except OSError as error:
                raise MeasureError(f"process {pid} cannot be moved: {error}") from error

    def kill(self) -> bool:
        """End every process in it; returns whether none is left."""
        return cgroup_tree.kill(set(self.directories().values()))

    def remove(self) -> bool:
        """Remove it; returns whether nothing of it is left.

        What still executes in a plain directory keeps it; a slice is stopped with all it holds.
        The folder or slice that all runs share goes with the last of them.
        """
        own = set(self._places.values())
        if self._is_slice:
            gone = [remove_slice(place, self._stop_slice) for place in own]
            for place in own:
                remove_shared_slice(place.parent, self._stop_slice)
        else:
            gone = [cgroup_tree.remove(place) for place in own]
            _remove_folder_above(own)
        return all(gone)


def parent_cgroup(
    token: str, *, driver: str | None, host: CgroupHost, rootless: bool = False
) -> ParentCgroup | None:
    """Return a parent cgroup for one run, None where this user could not remove it again.

    ``driver`` is the engine's cgroup driver; ``rootless`` says that the engine is this user's own
    and makes cgroups in the user's part of the tree. ``parent_cgroup_refusal`` tells why it is
    None.
    """
    if (
        driver is None
        or parent_cgroup_refusal(driver=driver, host=host, rootless=rootless) is not None
    ):
        return None
    return ParentCgroup(token, driver=driver, host=host, users=_users(driver, host, rootless))


def parent_cgroup_refusal(
    *, driver: str | None, host: CgroupHost, rootless: bool = False
) -> str | None:
    """Return in one line why a run can have no parent cgroup here, None if it can."""
    try:
        host.require_usable()
    except MeasureError as error:
        # The engine might make it all the same, where this process could not remove it again.
        return str(error)
    if driver not in {"systemd", "cgroupfs"}:
        return f"the engine's cgroup driver is {driver or 'unknown'}, not systemd or cgroupfs"
    if rootless and user_tree(host) is not None:
        return users_slice_refusal() if driver == "systemd" else None
    if rootless and driver == "systemd":
        return "this user was given no part of the cgroup tree: is a session of systemd open?"
    return slice_refusal() if driver == "systemd" else _directory_refusal(host)


def remove_leftovers(host: CgroupHost, is_alive: Callable[[str], bool]) -> None:
    """Remove the parent cgroups of dead runs, with whatever still executes in them.

    ``is_alive`` tells by its token whether a run may still be at work. What this user may not
    remove is left alone.
    """
    users = user_tree(host) if os.geteuid() != 0 else None
    for within in (None, users) if users is not None else (None,):
        for token, driver in sorted(_existing(host, within)):
            refusal = parent_cgroup_refusal(driver=driver, host=host, rootless=within is not None)
            if not is_alive(token) and refusal is None:
                parent = ParentCgroup(token, driver=driver, host=host, users=within)
                parent.kill()
                parent.remove()
        _remove_empty_folders(host, within)


def _users(driver: str, host: CgroupHost, rootless: bool) -> Path | None:
    """Return the part of the tree in which the engine makes it; None: the whole."""
    if not rootless or (driver == "cgroupfs" and _directory_refusal(host) is None):
        return None
    return user_tree(host)


def _stop_slice(users: Path | None) -> StopSlice:
    return stop_slice if users is None else stop_users_slice


def _directory_refusal(host: CgroupHost) -> str | None:
    for hierarchy in hierarchies(host).values():
        folder = hierarchy.mount_point / FOLDER
        # A folder that the engine made itself would be root's alone.
        above = folder if folder.exists() or os.geteuid() != 0 else hierarchy.mount_point
        if not os.access(above, os.W_OK):
            return f"no right to write to {above}, so a cgroup could not be removed again"
    return None


def _existing(host: CgroupHost, users: Path | None) -> set[tuple[str, str]]:
    """Return token and driver of every parent cgroup there is."""
    found = set()
    for top in _tops(host, users):
        for place in (top / FOLDER).glob("*"):
            if place.is_dir():
                found.add((place.name, "cgroupfs"))
        for place in (top / SHARED_SLICE).glob(f"{FOLDER}-*.slice"):
            token = place.name.removeprefix(f"{FOLDER}-").removesuffix(".slice")
            found.add((token, "systemd"))
    return found


def _remove_empty_folders(host: CgroupHost, users: Path | None) -> None:
    """Remove what all runs share, if a cpost that was killed has left it without any run."""
    for top in _tops(host, users):
        _remove_folder_above([top / FOLDER / "any"])
        may = slice_refusal() if users is None else users_slice_refusal()
        if may is None:
            remove_shared_slice(top / SHARED_SLICE, _stop_slice(users))


def _tops(host: CgroupHost, users: Path | None) -> Iterator[Path]:
    """Yield the directories that hold what all runs share."""
    if users is not None:
        yield users
    else:
        yield from {one.mount_point: None for one in hierarchies(host).values()}


def _remove_folder_above(own: Iterable[Path]) -> None:
    """Remove the folder that every cpost of this machine shares, if nobody uses it."""
    for place in own:
        with suppress(OSError):
            place.parent.rmdir()
