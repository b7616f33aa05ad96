"""What this computer offers: packages, hardware virtualisation, a cgroup v2 of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from cgroup2 import recipe
from cgroup2.errors import TestbedError

_PACKAGES_OF = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    # On other distributions than Debian; without it no Debian package is trusted.
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}


def ensure_packages() -> None:
    """Have the programs a machine is made with, installed if need be and if we may."""
    missing = sorted(
        package
        for thing, package in _PACKAGES_OF.items()
        if not (Path(thing).exists() or shutil.which(thing))
    )
    if not missing:
        return
    installer = recipe.CHECKOUT / "tools" / "apt_install.sh"
    if subprocess.run([installer, "the cgroup v2 machine", *missing], check=False).returncode:
        raise TestbedError(f"{', '.join(missing)} not installed")


def accelerator() -> str:
    """Return how processors are had here: ``kvm`` or, in software and slowly, ``tcg``.

    $CPOST_CGROUP2_ACCEL decides if set. A /dev/kvm alone proves little: there are virtual machines
    that offer one on processors without the feature, on which Debian's kernel does not get far.
    """
    wanted = os.environ.get("CPOST_CGROUP2_ACCEL", "")
    if wanted in {"kvm", "tcg"}:
        return wanted
    if wanted:
        raise TestbedError(f"CPOST_CGROUP2_ACCEL is {wanted!r}; it can be kvm or tcg")
    flags = set(Path("/proc/cpuinfo").read_text().split())
    usable = os.access("/dev/kvm", os.R_OK | os.W_OK) and flags & {"vmx", "svm"}
    return "kvm" if usable else "tcg"


def is_cgroup2_with_engine() -> bool:
    """Whether the tests can do without a machine: cgroup v2 here, and an engine that uses it."""
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists() or shutil.which("docker") is None:
        return False
    command = ["docker", "info", "--format", "{{.CgroupVersion}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == "2"
