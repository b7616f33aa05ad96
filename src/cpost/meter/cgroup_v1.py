"""The counters of a cgroup of version 1: one directory for each controller.

Version 1 tells less than version 2. OOM kills and throttled time stand only in the cgroup with the
limit, the container's own, and are gone with it; buffered writes are charged to nobody.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cpost.errors import MeasureError
from cpost.meter.counter_file import CounterFile, HeldFiles, VanishedError, find_value
from cpost.meter.locked_file import locked_file_bytes
from cpost.meter.sample import Sample, Totals
from cpost.units import NS_PER_USEC, USEC_PER_SECOND

# cpuacct.stat counts in the clock ticks that programs see, 100 a second nearly everywhere.
_USEC_PER_TICK = USEC_PER_SECOND // os.sysconf("SC_CLK_TCK")


class CgroupV1:
    """The files of ``directories`` (by controller); ``own`` are those of the container itself.

    Raises MeasureError if memory or CPU time are not accounted here. What this kernel or this
    cgroup does not tell is None in every reading.
    """

    def __init__(self, directories: Mapping[str, Path], own: Mapping[str, Path]) -> None:
        memory = directories["memory"]
        if directories != own:
            _require_children_counted(memory)
        files = self._files = HeldFiles()
        self._cpu = files.need(directories["cpuacct"] / "cpuacct.usage")
        self._cpu_stat = files.need(directories["cpuacct"] / "cpuacct.stat")
        self._memory = files.need(memory / "memory.usage_in_bytes")
        self._memory_stat = files.need(memory / "memory.stat")
        self._peak = files.need(memory / "memory.max_usage_in_bytes")
        self._kernel = files.want(memory / "memory.kmem.usage_in_bytes")
        self._pids = _want(files, directories, "pids", "pids.current")
        # Linux 5.0 has the recursive file; before it only the container's own cgroup counts.
        recursive = "blkio.throttle.io_service_bytes_recursive"
        self._io = _want(files, directories, "blkio", recursive) or _want(
            files, own, "blkio", "blkio.throttle.io_service_bytes"
        )
        self._own_cpu = _want(files, own, "cpu", "cpu.stat")
        self._own_oom = _want(files, own, "memory", "memory.oom_control")
        self._throttled_usec: int | None = None
        self._oom_kills: int | None = None
        self._io_bytes: tuple[int | None, int | None] = (None, None)

    def read(self, at_ns: int, wall_ns: int) -> tuple[Sample, Totals]:
        """Read all files now; VanishedError when the cgroup is gone."""
        usage_usec = self._cpu.number() // NS_PER_USEC
        memory_bytes = self._memory.number()
        stat = self._memory_stat.read()
        cpu_stat = self._cpu_stat.read()
        self._read_own()
        io_read_bytes, io_write_bytes = self._io_bytes
        sample = Sample(
            at_ns=at_ns,
            wall_ns=wall_ns,
            cpu_usage_usec=usage_usec,
            memory_bytes=memory_bytes,
            inactive_file_bytes=self._memory_stat.value(stat, b"total_inactive_file"),
            # memory.stat lags behind when memory is given back; usage_in_bytes never does.
            hard_bytes=min(memory_bytes, self._hard_bytes(stat)),
            throttled_usec=self._throttled_usec,
            pids=self._pids.number() if self._pids is not None else None,
            io_read_bytes=io_read_bytes,
            io_write_bytes=io_write_bytes,
        )
        totals = Totals(
            cpu_usage_usec=usage_usec,
            cpu_user_usec=self._cpu_stat.value(cpu_stat, b"user") * _USEC_PER_TICK,
            cpu_system_usec=self._cpu_stat.value(cpu_stat, b"system") * _USEC_PER_TICK,
            memory_peak_bytes=self._peak.number(),
            oom_kills=self._oom_kills,
            throttled_usec=self._throttled_usec,
            io_read_bytes=io_read_bytes,
            io_write_bytes=io_write_bytes,
        )
        return sample, totals

    def close(self) -> None:
        """Close all files."""
        self._files.close()

    def _read_own(self) -> None:
        """Read what may be the container's own; the last values stay once it has ended."""
        with suppress(VanishedError):
            if self._io is not None:
                self._io_bytes = _io_bytes(self._io.read())
            if self._own_oom is not None:
                self._oom_kills = find_value(self._own_oom.read(), b"oom_kill")  # Linux 4.13
            if self._own_cpu is not None:
                throttled_ns = self._own_cpu.value(self._own_cpu.read(), b"throttled_time")
                self._throttled_usec = throttled_ns // NS_PER_USEC

    def _hard_bytes(self, stat: bytes) -> int:
        """Return what the kernel cannot take back.

        The kernel's own memory is one number here, with the part that it could take back.
        """
        file = self._memory_stat
        shmem = file.value(stat, b"total_shmem")
        locked_file = locked_file_bytes(
            file=file.value(stat, b"total_cache"),
            shmem=shmem,
            active_file=file.value(stat, b"total_active_file"),
            inactive_file=file.value(stat, b"total_inactive_file"),
            unevictable=file.value(stat, b"total_unevictable"),
        )
        kernel = self._kernel.number() if self._kernel is not None else 0
        return file.value(stat, b"total_rss") + shmem + locked_file + kernel


def _require_children_counted(memory: Path) -> None:
    """Raise MeasureError where a cgroup's memory is not also its parent's: before Linux 5.11."""
    switch = memory / "memory.use_hierarchy"
    if switch.exists() and switch.read_text(encoding="ascii").strip() == "0":
        raise MeasureError(f"{switch}: is 0, so the memory of children is not counted")


def _want(
    files: HeldFiles, directories: Mapping[str, Path], controller: str, name: str
) -> CounterFile | None:
    """Open a file that may not be there, of a controller that may not be there."""
    directory = directories.get(controller)
    return files.want(directory / name) if directory is not None else None


def _io_bytes(text: bytes) -> tuple[int, int]:
    """Return bytes read and written, all devices together: lines like ``8:0 Read 4096``."""
    read_bytes = write_bytes = 0
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3:
            if words[1] == b"Read":
                read_bytes += int(words[2])
            elif words[1] == b"Write":
                write_bytes += int(words[2])
    return read_bytes, write_bytes
