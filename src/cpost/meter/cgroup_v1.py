"""The counters of a cgroup of version 1: one directory for each controller.

Version 1 tells less than version 2. OOM kills, how often a limit was hit and throttled time stand
only in the cgroup with the limit, the container's own, and are gone with it; buffered writes are
charged to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cpost.errors import MeasureError
from cpost.meter.cgroup_v1_facts import FactsV1
from cpost.meter.counter_file import CounterFile, HeldFiles, VanishedError
from cpost.meter.keyed_file import KeyedFile
from cpost.meter.memory_stat import MemoryStat, MemoryStatV1, WhileItLives
from cpost.meter.sample import Sample, Totals
from cpost.meter.ticks import USEC_PER_TICK
from cpost.units import NS_PER_USEC


class CgroupV1:
    """The files of ``directories`` (by controller); ``own`` are those of the container itself.

    Raises MeasureError if memory or CPU time are not accounted here, VanishedError if the cgroup
    is gone already. What this kernel or this cgroup does not tell is None in every reading.
    """

    def __init__(self, directories: Mapping[str, Path], own: Mapping[str, Path]) -> None:
        memory = directories["memory"]
        if directories != own:
            _require_children_counted(memory)
        files = self._files = HeldFiles()
        try:
            self._cpu = files.need(directories["cpuacct"] / "cpuacct.usage")
            cpu_stat = files.need(directories["cpuacct"] / "cpuacct.stat")
            self._cpu_stat = KeyedFile(cpu_stat, [b"user", b"system"])
            self._memory = files.need(memory / "memory.usage_in_bytes")
            self._memory_stat: MemoryStat = _memory_stat(
                files, memory, files.need(memory / "memory.stat")
            )
            if "memory" in own and own["memory"] != memory:
                own_stat = _own_stat(files, own["memory"])
                self._memory_stat = WhileItLives(own_stat, self._memory_stat)
            self._peak = files.need(memory / "memory.max_usage_in_bytes")
            self._pids: CounterFile | None = None
            if "pids" in directories:
                self._pids = files.want(directories["pids"] / "pids.current")
            self._facts = FactsV1(directories, own, files)
        except BaseException:
            files.close()
            raise
        self._usage_usec: int | None = None
        self._ticks: tuple[int, ...] = ()
        self._memory_peak_bytes: int | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What cannot be told here."""
        return tuple(self._facts.notes)

    def sample(self, at_ns: int, wall_ns: int) -> Sample:
        """Read what changes all the time; VanishedError when the cgroup is gone."""
        usage_usec = self._usage_usec = self._cpu.number() // NS_PER_USEC
        memory_bytes = self._memory.number()
        self._memory_peak_bytes = self._peak.number()
        pids = self._pids.number() if self._pids is not None else None
        parts = self._memory_stat.read()
        facts = self._facts
        facts.read_urgent(pids, parts.swap_bytes)
        return Sample(
            at_ns,
            wall_ns,
            usage_usec,
            memory_bytes,
            parts.inactive_file_bytes,
            # memory.stat lags behind when memory is given back; usage_in_bytes never does.
            min(memory_bytes, parts.hard_bytes),
            facts.known.get("throttled_usec"),
            pids,
            facts.known.get("io_read_bytes"),
            facts.known.get("io_write_bytes"),
            self._memory_peak_bytes,
        )

    def read_facts(self) -> None:
        """Read what is enough to know once a second."""
        self._facts.read()
        with suppress(VanishedError):
            self._ticks = self._cpu_stat.read()

    def totals(self) -> Totals:
        """Return what the last readings told."""
        user, system = self._ticks or (None, None)
        return Totals(
            cpu_usage_usec=self._usage_usec,
            cpu_user_usec=user * USEC_PER_TICK if user is not None else None,
            cpu_system_usec=system * USEC_PER_TICK if system is not None else None,
            memory_peak_bytes=self._memory_peak_bytes,
            **self._facts.totals(),
        )

    def is_empty(self) -> bool:
        """Return False: version 1 does not tell when the last process has ended."""
        return False

    def close(self) -> None:
        """Close all files."""
        self._files.close()


def _memory_stat(files: HeldFiles, memory: Path, stat: CounterFile) -> MemoryStatV1:
    return MemoryStatV1(stat, files.want(memory / "memory.kmem.usage_in_bytes"))


def _own_stat(files: HeldFiles, memory: Path) -> MemoryStatV1 | None:
    """Return what a container tells itself; None where it has ended already."""
    stat = files.need_unless_gone(memory / "memory.stat")
    if stat is not None:
        with suppress(VanishedError):
            return _memory_stat(files, memory, stat)
    return None


def _require_children_counted(memory: Path) -> None:
    """Raise MeasureError where a cgroup's memory is not also its parent's: before Linux 5.11."""
    switch = memory / "memory.use_hierarchy"
    try:
        counted = switch.read_bytes().strip() != b"0"
    except FileNotFoundError:
        return
    except OSError as error:
        raise MeasureError(f"{switch}: {error.strerror}") from error
    if not counted:
        raise MeasureError(f"{switch}: is 0, so the memory of children is not counted")
