"""The part of the tree of version 2 that belongs to a user who is not root.

systemd gives every user who is logged in a subtree of their own beneath ``user@<uid>.service``,
and rootless engines put their containers there. What is made in it can be removed without root.
"""

from __future__ import annotations

import os
from pathlib import Path

from cpost.meter.cgroup_host import UNIFIED, CgroupHost


def user_tree(host: CgroupHost, uid: int | None = None) -> Path | None:
    """Return the topmost cgroup that this user may make others in, with memory accounted.

    ``uid`` is this process's own if it is None. Returns None where there is no such cgroup, as
    always on version 1.
    """
    if host.version != 2:
        return None
    uid = os.geteuid() if uid is None else uid
    mount_point = host.hierarchies[UNIFIED].mount_point
    manager = mount_point / "user.slice" / f"user-{uid}.slice" / f"user@{uid}.service"
    own = [directory for _, directory in host.directories_of(os.getpid()).values()]
    above = [place for one in own for place in (*reversed(one.parents), one)]
    for place in (manager, *above):
        if place != mount_point and place.is_relative_to(mount_point) and _is_ours(place, uid):
            return place
    return None


def _is_ours(place: Path, uid: int) -> bool:
    """Whether this user was given a cgroup to make others in, with the memory controller."""
    try:
        if place.stat().st_uid != uid or not os.access(place, os.W_OK | os.X_OK):
            return False
        return b"memory" in (place / "cgroup.controllers").read_bytes().split()
    except OSError:
        return False
