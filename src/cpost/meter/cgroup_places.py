"""Where the parent cgroup of a run is, or would be, by the name that an engine is told."""

from __future__ import annotations

from pathlib import Path

from cpost.meter.cgroup_host import UNIFIED, CgroupHost, Hierarchy
from cpost.meter.user_tree import user_tree

FOLDER = "cpost"
"""What every cpost of this machine shares: the folder that holds the parents of all runs."""

SHARED_SLICE = f"{FOLDER}.slice"


def hierarchies(host: CgroupHost) -> dict[str, Hierarchy]:
    """Return the hierarchies that engines make cgroups in, by controller."""
    if host.version == 2:
        return {UNIFIED: host.hierarchies[UNIFIED]}
    return {key: one for key, one in host.hierarchies.items() if key != UNIFIED}


def places(name: str, host: CgroupHost, users: Path | None = None) -> dict[str, Path]:
    """Return where a parent cgroup is to be, by controller.

    Engines take a path from where the hierarchy is mounted, whatever cgroup they are in
    themselves; systemd nests slices at their hyphens, and a user's own systemd does so beneath
    ``users``, the user's part of the tree.
    """
    is_slice = name.endswith(".slice")
    path = f"{SHARED_SLICE}/{name}" if is_slice else name.lstrip("/")
    return {
        key: (users if users is not None and is_slice else one.mount_point) / path
        for key, one in hierarchies(host).items()
    }


def possible_places(name: str, host: CgroupHost) -> dict[str, list[Path]]:
    """Return every place where a parent cgroup of this name may be, by controller.

    A slice is made by the system's own systemd or by the user's; its name is unique all the same.
    """
    found = {key: [place] for key, place in places(name, host).items()}
    users = user_tree(host)
    if users is not None:
        for key, place in places(name, host, users).items():
            if place not in found[key]:
                found[key].append(place)
    return found


def parent_directories(name: str, host: CgroupHost) -> dict[str, Path]:
    """Return the existing directories of a parent cgroup, by controller.

    On version 2 the only key is ``UNIFIED``. Empty where no engine has made it yet.
    """
    return {
        key: place
        for key, possible in possible_places(name, host).items()
        for place in possible
        if place.is_dir()
    }
