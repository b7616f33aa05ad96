"""A plain process and its descendants: the lowest step, for machines without a cgroup to use.

What it cannot see: memory that no process has mapped (page cache, files on tmpfs, the kernel's
own), peaks between two samples, and what a process used that cut loose from its parents before it
was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType

import psutil

from cpost.errors import MeasureError
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.units import USEC_PER_SECOND

_WEAKNESS = "only processes were looked at: page cache and tmpfs files are not counted"

# Reading a tree takes milliseconds, and some 15 more for each GiB that several processes hold.
# After each reading this many times as long is let pass, so that it costs a tenth of a core.
_REST = 9


@dataclass(frozen=True, slots=True)
class _Used:
    """What a process has used, with those of its children that it has waited for.

    Bytes are None where somebody else's process is among them.
    """

    user_usec: int = 0
    system_usec: int = 0
    io_read_bytes: int | None = 0
    io_write_bytes: int | None = 0

    def __add__(self, other: _Used) -> _Used:
        return _Used(
            self.user_usec + other.user_usec,
            self.system_usec + other.system_usec,
            _sum_or_none(self.io_read_bytes, other.io_read_bytes),
            _sum_or_none(self.io_write_bytes, other.io_write_bytes),
        )

    @property
    def cpu_usec(self) -> int:
        return self.user_usec + self.system_usec


class ProcessTreeReader:
    """Adds up a process and its descendants; MeasureError if there is no such process.

    The kernel adds what a process has used to its parent's account once the parent has waited for
    it, so short-lived descendants are counted without being seen. While the first process is a
    zombie its account is complete and can still be read.
    """

    def __init__(self, pid: int, clock: Clock, notes: tuple[str, ...] = ()) -> None:
        try:
            self._root = psutil.Process(pid)
        except psutil.NoSuchProcess as error:
            raise MeasureError(f"process {pid} has ended") from error
        self._clock = clock
        self._notes = (*notes, _WEAKNESS)
        self._rest_until_ns = 0
        self._seen: dict[psutil.Process, _Used] = {}
        self._cut_loose: set[psutil.Process] = set()
        self._lost = _Used()
        self._last = _Used()

    @property
    def rung(self) -> Rung:
        """Which step of the ladder this is."""
        return Rung.PROCESS_TREE

    @property
    def notes(self) -> tuple[str, ...]:
        """Why it is not a higher step, and what that costs."""
        return self._notes

    def sample(self) -> Sample | None:
        """Read once, now; None if nothing is alive, or if the last reading was very costly."""
        at_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        if at_ns < self._rest_until_ns:
            return None
        used = self._read_used()
        alive = [process for process in self._seen if _rss_bytes(process)]
        sample = None
        if alive:
            sample = Sample(
                at_ns=at_ns,
                wall_ns=wall_ns,
                cpu_usage_usec=used.cpu_usec,
                memory_bytes=_memory_bytes(alive),
                pids=sum(_threads(process) for process in alive),
                io_read_bytes=used.io_read_bytes,
                io_write_bytes=used.io_write_bytes,
            )
        now_ns = self._clock.monotonic_ns()
        self._rest_until_ns = now_ns + _REST * (now_ns - at_ns)
        return sample

    def totals(self) -> Totals:
        """Read what can still be read; memory has no high-water mark here."""
        used = self._read_used()
        return Totals(
            cpu_usage_usec=used.cpu_usec,
            cpu_user_usec=used.user_usec,
            cpu_system_usec=used.system_usec,
            io_read_bytes=used.io_read_bytes,
            io_write_bytes=used.io_write_bytes,
        )

    def __enter__(self) -> ProcessTreeReader:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: nothing is open."""

    def _read_used(self) -> _Used:
        """Return what all members have used until now, the dead ones included."""
        members = {self._root, *_descendants(self._root)}
        for process in self._seen.keys() - members:
            if process.is_running():
                self._cut_loose.add(process)
                members |= {process, *_descendants(process)}
            elif process in self._cut_loose:  # nobody of ours waits for it
                self._lost += self._seen[process]
        self._seen = {process: _used_by(process) for process in members}
        used = sum(self._seen.values(), self._lost)
        # Counters never go back: a process that ended unwaited for takes nothing with it.
        self._last = replace(
            used,
            user_usec=max(used.user_usec, self._last.user_usec),
            system_usec=max(used.system_usec, self._last.system_usec),
        )
        return self._last


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _used_by(process: psutil.Process) -> _Used:
    try:
        times = process.cpu_times()
        user_usec = round((times.user + times.children_user) * USEC_PER_SECOND)
        system_usec = round((times.system + times.children_system) * USEC_PER_SECOND)
    except psutil.NoSuchProcess:
        return _Used()
    try:
        io = process.io_counters()
    except psutil.Error:
        return _Used(user_usec, system_usec, None, None)
    return _Used(user_usec, system_usec, io.read_bytes, io.write_bytes)


def _rss_bytes(process: psutil.Process) -> int:
    """Return what a process holds; 0 for one that is dead."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _memory_bytes(processes: list[psutil.Process]) -> int:
    """Return what processes hold together, what they share counted once."""
    if len(processes) == 1:
        return _rss_bytes(processes[0])
    return sum(_proportional_bytes(process) for process in processes)


def _proportional_bytes(process: psutil.Process) -> int:
    """Return what is a process's own and its share of the rest; its RSS where that is not told."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
    except psutil.AccessDenied:
        return _rss_bytes(process)


def _threads(process: psutil.Process) -> int:
    try:
        return process.num_threads()
    except psutil.NoSuchProcess:
        return 0


def _sum_or_none(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
