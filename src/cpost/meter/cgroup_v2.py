"""The counters of a cgroup of version 2.

Its files tell of the cgroup and of everything below it, living or dead. Only the throttling
counters of ``cpu.stat`` do not: they stand in the cgroup that has the quota, which is the
container's own.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cpost.meter.counter_file import CounterFile, HeldFiles, VanishedError, find_value
from cpost.meter.locked_file import locked_file_bytes
from cpost.meter.sample import Sample, Totals


class CgroupV2:
    """The files of ``directory``; ``own`` is the container's own cgroup, None if unknown.

    Raises MeasureError if memory or CPU time are not accounted here. What this kernel or this
    cgroup does not tell is None in every reading.
    """

    def __init__(self, directory: Path, own: Path | None) -> None:
        files = self._files = HeldFiles()
        self._cpu = files.need(directory / "cpu.stat")
        self._memory = files.need(directory / "memory.current")
        self._memory_stat = files.need(directory / "memory.stat")
        self._peak = files.want(directory / "memory.peak")  # Linux 5.19
        self._events = files.want(directory / "memory.events")
        self._pids = files.want(directory / "pids.current")
        self._io = files.want(directory / "io.stat")
        self._own_cpu = files.want(own / "cpu.stat") if own is not None else None
        self._throttled_usec: int | None = None

    def read(self, at_ns: int, wall_ns: int) -> tuple[Sample, Totals]:
        """Read all files now; VanishedError when the cgroup is gone."""
        cpu = self._cpu.read()
        usage_usec = self._cpu.value(cpu, b"usage_usec")
        memory_bytes = self._memory.number()
        stat = self._memory_stat.read()
        throttled_usec = self._read_throttled()
        io_read_bytes, io_write_bytes = (
            _io_bytes(self._io.read()) if self._io is not None else (None, None)
        )
        sample = Sample(
            at_ns=at_ns,
            wall_ns=wall_ns,
            cpu_usage_usec=usage_usec,
            memory_bytes=memory_bytes,
            inactive_file_bytes=self._memory_stat.value(stat, b"inactive_file"),
            # memory.stat lags behind when memory is given back; memory.current never does.
            hard_bytes=min(memory_bytes, _hard_bytes(self._memory_stat, stat)),
            throttled_usec=throttled_usec,
            pids=self._pids.number() if self._pids is not None else None,
            io_read_bytes=io_read_bytes,
            io_write_bytes=io_write_bytes,
        )
        totals = Totals(
            cpu_usage_usec=usage_usec,
            cpu_user_usec=find_value(cpu, b"user_usec"),
            cpu_system_usec=find_value(cpu, b"system_usec"),
            memory_peak_bytes=self._peak.number() if self._peak is not None else None,
            oom_kills=(
                find_value(self._events.read(), b"oom_kill") if self._events is not None else None
            ),
            throttled_usec=throttled_usec,
            io_read_bytes=io_read_bytes,
            io_write_bytes=io_write_bytes,
        )
        return sample, totals

    def close(self) -> None:
        """Close all files."""
        self._files.close()

    def _read_throttled(self) -> int | None:
        """Return the container's own throttled time; the last one known once it has ended."""
        if self._own_cpu is not None:
            with suppress(VanishedError):
                self._throttled_usec = find_value(self._own_cpu.read(), b"throttled_usec")
        return self._throttled_usec


def _hard_bytes(file: CounterFile, stat: bytes) -> int:
    """Return what the kernel cannot take back: anonymous, tmpfs, locked, its own, and sockets."""
    shmem = file.value(stat, b"shmem")
    locked_file = locked_file_bytes(
        file=file.value(stat, b"file"),
        shmem=shmem,
        active_file=file.value(stat, b"active_file"),
        inactive_file=file.value(stat, b"inactive_file"),
        unevictable=file.value(stat, b"unevictable"),
    )
    kernel = _kernel_bytes(file, stat)
    return file.value(stat, b"anon") + shmem + locked_file + kernel + file.value(stat, b"sock")


def _kernel_bytes(file: CounterFile, stat: bytes) -> int:
    """Return the kernel's own memory for this cgroup, without what it can take back."""
    whole = find_value(stat, b"kernel")  # Linux 5.18: all of it, per-CPU and vmalloc memory too
    if whole is not None:
        return max(0, whole - file.value(stat, b"slab_reclaimable"))
    known = file.value(stat, b"slab_unreclaimable") + file.value(stat, b"kernel_stack")
    pagetables = find_value(stat, b"pagetables")  # Linux 5.11
    percpu = find_value(stat, b"percpu")  # Linux 5.9
    return known + (pagetables or 0) + (percpu or 0)


def _io_bytes(text: bytes) -> tuple[int, int]:
    """Return bytes read and written, all devices together: ``8:0 rbytes=1 wbytes=2 rios=…``."""
    read_bytes = write_bytes = 0
    for word in text.split():
        if word.startswith(b"rbytes="):
            read_bytes += int(word[7:])
        elif word.startswith(b"wbytes="):
            write_bytes += int(word[7:])
    return read_bytes, write_bytes
