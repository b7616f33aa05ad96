"""The fresh parent cgroup of a run, which outlives the container started beneath it.

A container's own cgroup is gone the moment it ends, and with it the last interval, every peak
between two samples and short containers altogether. What dead children used stays in the parent.
It must be fresh for every run: page cache of a dead child stays charged to it, and its high-water
marks cannot be reset (before Linux 6.12 not at all).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from cpost.errors import MeasureError
from cpost.meter import cgroup_tree
from cpost.meter.cgroup_host import UNIFIED, CgroupHost, Hierarchy
from cpost.meter.slices import SliceManager

_FOLDER = "cpost"

# What is worth measuring, and version 2's cgroup.kill, which no fork bomb outruns.
_MADE_FOR = frozenset({"memory", "cpuacct", "cpu", "pids", "blkio", UNIFIED})

_SYSTEM = SliceManager()


class ParentCgroup:
    """A parent cgroup by its name; it exists once an engine, or ``make``, has made it.

    ``name`` is what an engine is told: ``/cpost/<token>`` for the driver cgroupfs,
    ``cpost<token>.slice`` for systemd, which nests slices at hyphens: one with none leaves no other
    slice behind. ``path`` is where it lies below the mount of a hierarchy. ``token`` is letters
    and digits, new for every run.
    """

    def __init__(
        self,
        token: str,
        *,
        driver: str,
        host: CgroupHost,
        slices: SliceManager = _SYSTEM,
        stop_slice: Callable[[str], None] | None = None,
    ) -> None:
        self._is_slice = driver == "systemd"
        self.name = f"{_FOLDER}{token}.slice" if self._is_slice else f"/{_FOLDER}/{token}"
        self.path = f"{slices.folder}{self.name}" if self._is_slice else self.name
        self._host = host
        self._stop_slice = stop_slice or slices.stop

    def directories(self) -> dict[str, Path]:
        """Return those of its directories that exist now, as ``parent_directories`` does."""
        return parent_directories(self.path, self._host)

    def make(self) -> None:
        """Make it (driver cgroupfs only); raises MeasureError, and leaves nothing, if it cannot."""
        made: list[Path] = []
        try:
            for controller, place in parent_places(self.path, self._host).items():
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
            _remove_folder_above(made)
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
        """
        if self._is_slice and self.directories():
            self._stop_slice(self.name)
        places = set(parent_places(self.path, self._host).values())
        gone = [cgroup_tree.remove(place) for place in places]
        if not self._is_slice:
            _remove_folder_above(places)
        return all(gone)


def parent_cgroup(
    token: str, *, driver: str | None, host: CgroupHost, rootless: bool = False
) -> ParentCgroup | None:
    """Return a parent cgroup for one run, None where this user could not remove it again.

    ``driver`` is the engine's cgroup driver; a ``rootless`` engine is this user's own.
    ``parent_cgroup_refusal`` tells why it is None.
    """
    refusal = parent_cgroup_refusal(driver=driver, host=host, rootless=rootless)
    if driver is None or refusal is not None:
        return None
    return ParentCgroup(token, driver=driver, host=host, slices=_slices(rootless=rootless))


def parent_cgroup_refusal(
    *, driver: str | None, host: CgroupHost, rootless: bool = False
) -> str | None:
    """Return in one line why a run can have no parent cgroup here, None if it can."""
    try:
        host.require_usable()
    except MeasureError as error:
        # The engine might make it all the same, where this process could not remove it again.
        return str(error)
    if rootless and (driver != "systemd" or host.version != 2):
        return "a rootless engine can place its containers with cgroup v2 and systemd's driver only"
    if driver == "systemd":
        mount_point = next(iter(_hierarchies(host).values())).mount_point
        return _slices(rootless=rootless).refusal(mount_point)
    if driver == "cgroupfs":
        return _directory_refusal(host)
    return f"the engine's cgroup driver is {driver or 'unknown'}, not systemd or cgroupfs"


def parent_directories(path: str, host: CgroupHost) -> dict[str, Path]:
    """Return the existing directories of a parent cgroup, by controller.

    On version 2 the only key is ``UNIFIED``. Empty where no engine has made it yet.
    """
    return {key: place for key, place in parent_places(path, host).items() if place.is_dir()}


def remove_leftovers(
    host: CgroupHost, is_alive: Callable[[str], bool], *, rootless: bool = False
) -> None:
    """Remove the parent cgroups of dead runs, with whatever still executes in them.

    ``is_alive`` tells by its token whether a run may still be at work. What this user may not
    remove is left alone.
    """
    slices = _slices(rootless=rootless)
    # One that was killed at the wrong moment leaves the folder without any run in it.
    _remove_folder_above(parent_places(f"{_FOLDER}/any", host).values())
    for token, driver in sorted(_existing(host, slices)):
        refusal = parent_cgroup_refusal(driver=driver, host=host, rootless=rootless)
        if not is_alive(token) and refusal is None:
            parent = ParentCgroup(token, driver=driver, host=host, slices=slices)
            parent.kill()
            parent.remove()


def _slices(*, rootless: bool) -> SliceManager:
    return SliceManager.of_user(os.geteuid()) if rootless else _SYSTEM


def _directory_refusal(host: CgroupHost) -> str | None:
    for hierarchy in _hierarchies(host).values():
        folder = hierarchy.mount_point / _FOLDER
        # A folder that the engine made itself would be root's alone.
        above = folder if folder.exists() or os.geteuid() != 0 else hierarchy.mount_point
        if not os.access(above, os.W_OK):
            return f"no right to write to {above}, so a cgroup could not be removed again"
    return None


def _existing(host: CgroupHost, slices: SliceManager) -> set[tuple[str, str]]:
    """Return token and driver of every parent cgroup there is."""
    found = set()
    for hierarchy in _hierarchies(host).values():
        for place in (hierarchy.mount_point / _FOLDER).glob("*"):
            if place.is_dir():
                found.add((place.name, "cgroupfs"))
        for place in (hierarchy.mount_point / slices.folder).glob(f"{_FOLDER}*.slice"):
            token = place.name.removeprefix(_FOLDER).removesuffix(".slice")
            found.add((token, "systemd"))
    return found


def _remove_folder_above(places: Iterable[Path]) -> None:
    """Remove the folder that every cpost of this machine shares, if nobody uses it."""
    for place in places:
        with suppress(OSError):
            place.parent.rmdir()


def _hierarchies(host: CgroupHost) -> dict[str, Hierarchy]:
    """Return the hierarchies that engines make cgroups in, by controller."""
    if host.version == 2:
        return {UNIFIED: host.hierarchies[UNIFIED]}
    return dict(host.hierarchies)


def parent_places(path: str, host: CgroupHost) -> dict[str, Path]:
    """Return where a parent cgroup is, or would be.

    Engines take its name from where the hierarchy is mounted, whatever cgroup they are in
    themselves.
    """
    return {key: one.mount_point / path.lstrip("/") for key, one in _hierarchies(host).items()}
