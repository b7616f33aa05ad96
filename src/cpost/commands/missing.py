"""Which of the finer figures this machine cannot tell, each with what would mend it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from cpost.meter.cgroup_host import UNIFIED, CgroupHost

_SYS = Path("/sys")
_THERMAL = ("class/thermal/thermal_zone*", "devices/system/cpu/cpu0/thermal_throttle")


def missing(host: CgroupHost, sys: Path = _SYS) -> Iterator[tuple[str, str | None]]:
    """Yield what is not there, and the way to it, None where there is none on this machine."""
    if host.version is not None:
        if not _some_cgroup_has(host, "memory.peak", "memory.max_usage_in_bytes"):
            yield "memory peaks (memory.peak)", "a kernel of 5.19 or newer"
        if not _some_cgroup_has(host, "memory.swap.current", "memory.memsw.usage_in_bytes"):
            yield "swap (not accounted)", "kernel parameter swapaccount=1"
    if not (host.proc / "pressure").is_dir():
        yield "pressure (PSI)", "kernel parameter psi=1"
    if not any(True for pattern in _THERMAL for _ in sys.glob(pattern)):
        yield "thermal throttling (no sensor; usual in virtual machines)", None
    if shutil.which("ssh") is None:
        yield "engines over ssh (no ssh)", "sudo apt-get install openssh-client"


def _some_cgroup_has(host: CgroupHost, v2_file: str, v1_file: str) -> bool:
    """Whether a cgroup has a file; those of version 2 are not in its root but one below."""
    hierarchy = host.hierarchies.get(UNIFIED if host.version == 2 else "memory")
    if hierarchy is None:
        return False
    if host.version == 1:
        return (hierarchy.mount_point / v1_file).exists()
    return any(True for _ in hierarchy.mount_point.glob(f"*/{v2_file}"))
