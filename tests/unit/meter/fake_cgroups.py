"""Directories with what real kernels wrote into their cgroup files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cpost.meter.cgroup_host import UNIFIED, CgroupHost, Hierarchy

# Linux 6.1: 100 MiB anonymous, 300 MiB written to files, 20 MiB on tmpfs, nothing locked.
MEMORY_STAT_6_1 = """\
anon 104857600
file 335544320
kernel 6291456
kernel_stack 65536
pagetables 524288
sec_pagetables 0
percpu 1024
sock 4096
vmalloc 0
shmem 20971520
zswap 0
zswapped 0
file_mapped 0
file_dirty 8192
file_writeback 0
swapcached 0
anon_thp 0
file_thp 0
shmem_thp 0
inactive_anon 125829120
active_anon 0
inactive_file 300000000
active_file 14572800
unevictable 0
slab_reclaimable 4194304
slab_unreclaimable 1048576
slab 5242880
workingset_refault_anon 0
workingset_refault_file 0
pgfault 32000
"""

# Linux 5.10: no sum of the kernel's own memory, no page tables yet.
MEMORY_STAT_5_10 = """\
anon 104857600
file 335544320
kernel_stack 65536
percpu 1024
sock 4096
shmem 20971520
inactive_file 300000000
active_file 14572800
unevictable 0
slab_reclaimable 4194304
slab_unreclaimable 1048576
"""


def pressure(some_usec: int, full_usec: int) -> str:
    """What a file of pressure says."""
    averages = "avg10=0.00 avg60=1.50 avg300=0.25"
    return f"some {averages} total={some_usec}\nfull {averages} total={full_usec}\n"


V2_FILES = {
    "cpu.stat": """\
usage_usec 1234567
user_usec 1000000
system_usec 234567
nr_periods 0
nr_throttled 0
throttled_usec 0
nr_bursts 0
burst_usec 0
""",
    "memory.current": "450000000\n",
    "memory.peak": "500000000\n",
    "memory.stat": MEMORY_STAT_6_1,
    "memory.events": "low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 0\n",
    "memory.max": "max\n",
    "memory.swap.peak": "65536\n",
    "memory.swap.current": "4096\n",
    "cpu.max": "max 100000\n",
    "cpu.pressure": pressure(some_usec=11, full_usec=12),
    "memory.pressure": pressure(some_usec=21, full_usec=22),
    "io.pressure": pressure(some_usec=31, full_usec=32),
    "pids.current": "7\n",
    "pids.peak": "9\n",
    "cgroup.events": "populated 1\nfrozen 0\n",
    "io.stat": """\
8:16 rbytes=4096 wbytes=1000 rios=1 wios=2 dbytes=0 dios=0
8:0 rbytes=8192 wbytes=500 rios=2 wios=1 dbytes=99 dios=3
7:0
""",
}

V1_FILES = {
    "cpuacct": {"cpuacct.usage": "1234567890\n", "cpuacct.stat": "user 100\nsystem 23\n"},
    "memory": {
        "memory.usage_in_bytes": "450000000\n",
        "memory.max_usage_in_bytes": "500000000\n",
        "memory.kmem.usage_in_bytes": "3000000\n",
        "memory.use_hierarchy": "1\n",
        "memory.limit_in_bytes": "9223372036854771712\n",
        "memory.failcnt": "4\n",
        "memory.memsw.failcnt": "2\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        "memory.stat": """\
cache 1
rss 2
shmem 3
inactive_file 4
active_file 5
unevictable 6
hierarchical_memory_limit 9223372036854771712
total_cache 335544320
total_rss 104857600
total_rss_huge 0
total_shmem 20971520
total_inactive_file 300000000
total_active_file 14572800
total_unevictable 0
total_swap 8192
""",
    },
    "pids": {"pids.current": "7\n", "pids.peak": "9\n"},
    "cpu": {
        "cpu.stat": "nr_periods 9\nnr_throttled 4\nthrottled_time 2500000\n",
        "cpu.cfs_quota_us": "-1\n",
        "cpu.cfs_period_us": "100000\n",
    },
    "blkio": {
        "blkio.throttle.io_service_bytes_recursive": """\
8:16 Read 4096
8:16 Write 1000
8:16 Sync 5000
8:16 Total 5096
8:0 Read 8192
8:0 Write 500
Total 13788
""",
    },
}


def write_v2(directory: Path, **changed: str | None) -> Path:
    """Make a cgroup of version 2; ``memory__stat=…`` changes a file, None leaves it out."""
    files = {**V2_FILES, **{name.replace("__", "."): text for name, text in changed.items()}}
    return _write(directory, files)


def write_v1(root: Path, name: str) -> dict[str, Path]:
    """Make a cgroup of version 1 below ``root``; return its directories by controller."""
    return {one: _write(root / one / name, files) for one, files in V1_FILES.items()}


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns


def host_v2(root: Path, proc: Path | None = None) -> CgroupHost:
    """Version 2 mounted at ``root``."""
    controllers = frozenset({"cpu", "io", "memory", "pids"})
    return CgroupHost(2, {UNIFIED: Hierarchy(root)}, controllers, proc or root / "proc")


def host_v1(root: Path, proc: Path | None = None) -> CgroupHost:
    """Version 1, each controller mounted below ``root``."""
    hierarchies = {one: Hierarchy(root / one) for one in V1_FILES}
    return CgroupHost(1, hierarchies, frozenset(V1_FILES), proc or root / "proc")


def write_process(proc: Path, pid: int, cgroup: str) -> None:
    """Make a process that is in the cgroups ``cgroup`` tells, as /proc does."""
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup").write_text(cgroup)


def _write(directory: Path, files: Mapping[str, str | None]) -> Path:
    directory.mkdir(parents=True)
    for name, text in files.items():
        if text is not None:
            (directory / name).write_text(text)
    return directory
