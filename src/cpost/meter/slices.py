"""Slices of systemd, the system's or the user's own, and who may remove them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cpost.meter import cgroup_tree

_TIMEOUT_S = 30
_IS_UP = Path("/run/systemd/system")  # see sd_booted(3)

# How long systemd may take to remove the cgroup of a slice that it has stopped.
_PATIENCE_S = 2.0
_PAUSE_S = 0.005

StopSlice = Callable[[str], None]


def stop_slice(name: str) -> None:
    """Have systemd remove a slice; what is still in it is ended."""
    _systemctl([], name, dict(os.environ))


def stop_users_slice(name: str) -> None:
    """Have the user's own systemd remove a slice; what is still in it is ended."""
    environ = {"XDG_RUNTIME_DIR": str(_users_runtime_dir()), **os.environ}
    _systemctl(["--user"], name, environ)


def slice_refusal() -> str | None:
    """Return in one line why this user may not remove a slice of the system, None if they may."""
    if os.geteuid() != 0:
        return "only root may remove a systemd slice again"
    if shutil.which("systemctl") is None or not _IS_UP.is_dir():
        return "no systemd answers here that could remove a slice again"
    return None


def users_slice_refusal() -> str | None:
    """Return in one line why no systemd of this user could remove a slice, None if one could."""
    if shutil.which("systemctl") is None or not (_users_runtime_dir() / "systemd").is_dir():
        return "no systemd of this user answers that could remove a slice again"
    return None


def remove_slice(directory: Path, stop: StopSlice) -> bool:
    """Remove a slice by its cgroup; returns whether it is gone."""
    if directory.exists():
        stop(directory.name)
        give_up_at = time.monotonic() + _PATIENCE_S
        while directory.exists() and time.monotonic() < give_up_at:
            time.sleep(_PAUSE_S)
    return cgroup_tree.remove(directory)


def remove_shared_slice(directory: Path, stop: StopSlice) -> None:
    """Remove the slice that holds those of all runs, if there is none in it any more."""
    with suppress(OSError):  # it is gone, or somebody else removes it
        if not any(one.is_dir() for one in directory.iterdir()):
            remove_slice(directory, stop)


def _users_runtime_dir() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}")


def _systemctl(of_whom: list[str], name: str, environ: dict[str, str]) -> None:
    # fail: not if somebody is just starting something in it.
    command = ["systemctl", *of_whom, "stop", "--quiet", "--no-ask-password", "--job-mode=fail"]
    with suppress(subprocess.TimeoutExpired):  # whoever asked sees that it is still there
        subprocess.run(
            [*command, name], check=False, capture_output=True, timeout=_TIMEOUT_S, env=environ
        )
