"""This machine with parts of its cgroups missing, for one command at a time.

Each is a line of shell for a mount namespace: the machine itself stays whole.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1 << 20

NOTHING_MOUNTED = "umount --recursive /sys/fs/cgroup"
ALL_HIDDEN = "mount -t tmpfs none /sys/fs/cgroup"
READ_ONLY = (
    "for one in $(grep -o ' /sys/fs/cgroup[^ ]*' /proc/self/mountinfo); "
    "do mount -o remount,bind,ro $one; done"
)
# Of version 1 only:
MEMORY_NOT_MOUNTED = "umount /sys/fs/cgroup/memory"
MEMORY_HIDDEN = "mount -t tmpfs none /sys/fs/cgroup/memory"

HOLD_100_MIB_AND_BURN_3_SECONDS = (
    "import time\n"
    "held = bytearray(b'x') * (100 << 20)\n"
    "while time.process_time() < 3: sum(range(1000))\n"
)


def elsewhere(folder: Path) -> str:
    """Return what moves the cgroups to another place, whose name has a space."""
    place = f'"{folder}/the cgroups"'
    return (
        f"mkdir -p {place} && mount --rbind /sys/fs/cgroup {place} && mount --make-rprivate / && "
        "umount --recursive /sys/fs/cgroup"
    )


def amputated(operation: str, *words: object) -> list[str]:
    """Return the command that executes cpost on what is left of this machine."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root may make a mount namespace (try as root)")
    trial = ["unshare", "--mount", "sh", "-c"]
    done = subprocess.run([*trial, operation], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounts cannot be changed here: {done.stderr.strip()}")
    cpost = [sys.executable, "-m", "cpost", *map(str, words)]
    return [*trial, f'{operation} && exec "$@"', "sh", *cpost]


def only_on_version_1() -> None:
    if not Path("/sys/fs/cgroup/memory/cgroup.procs").exists():
        pytest.skip("not a host with the memory controller of cgroup v1 in its usual place")
