"""The counters of a cgroup of version 2.

Its files tell of the cgroup and of everything below it, living or dead. Only the throttling
counters of ``cpu.stat`` do not: they stand in the cgroup that has the quota, which is the
container's own.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cpost.meter.cgroup_v2_facts import FactsV2
from cpost.meter.counter_file import HeldFiles, VanishedError
from cpost.meter.keyed_file import KeyedFile, find_number, keys_of
from cpost.meter.memory_stat import MemoryStat, MemoryStatV2, WhileItLives
from cpost.meter.sample import Sample, Totals

_CPU_KEYS = (b"usage_usec", b"user_usec", b"system_usec")


class CgroupV2:
    """The files of ``directory``; ``own`` is the container's own cgroup, None if unknown.

    Raises MeasureError if memory or CPU time are not accounted here, VanishedError if the cgroup
    is gone already. What this kernel or this cgroup does not tell is None in every reading.
    """

    def __init__(self, directory: Path, own: Path | None) -> None:
        files = self._files = HeldFiles()
        try:
            cpu = files.need(directory / "cpu.stat")
            there = keys_of(cpu)
            self._cpu = KeyedFile(cpu, [k for k in _CPU_KEYS if k in there or k == _CPU_KEYS[0]])
            self._cpu_names = [f"cpu_{k.decode()}" for k in _CPU_KEYS if k in there]
            self._memory = files.need(directory / "memory.current")
            self._memory_stat: MemoryStat = MemoryStatV2(files.need(directory / "memory.stat"))
            if own is not None and own != directory:
                self._memory_stat = WhileItLives(_own_stat(files, own), self._memory_stat)
            self._peak = files.want(directory / "memory.peak")  # Linux 5.19
            self._pids = files.want(directory / "pids.current")
            self._own_events = files.want(own / "cgroup.events") if own is not None else None
            self._facts = FactsV2(directory, own, files)
        except BaseException:
            files.close()
            raise
        self._cpu_usec: tuple[int, ...] = ()
        self._memory_peak_bytes: int | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What cannot be told here."""
        return tuple(self._facts.notes)

    def sample(self, at_ns: int, wall_ns: int) -> Sample:
        """Read what changes all the time; VanishedError when the cgroup is gone."""
        cpu_usec = self._cpu_usec = self._cpu.read()
        memory_bytes = self._memory.number()
        if self._peak is not None:
            self._memory_peak_bytes = self._peak.number()
        pids = self._pids.number() if self._pids is not None else None
        parts = self._memory_stat.read()
        facts = self._facts
        facts.read_urgent(pids)
        return Sample(
            at_ns,
            wall_ns,
            cpu_usec[0],
            memory_bytes,
            parts.inactive_file_bytes,
            # memory.stat lags behind when memory is given back; memory.current never does.
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

    def totals(self) -> Totals:
        """Return what the last readings told."""
        return Totals(
            **dict(zip(self._cpu_names, self._cpu_usec, strict=False)),
            memory_peak_bytes=self._memory_peak_bytes,
            **self._facts.totals(),
        )

    def is_empty(self) -> bool:
        """Whether no process is left in the container; False where that is not told."""
        if self._own_events is None:
            return False
        try:
            return find_number(self._own_events, self._own_events.read(), b"populated") == 0
        except VanishedError:  # only an empty cgroup can be removed
            return True

    def close(self) -> None:
        """Close all files."""
        self._files.close()


def _own_stat(files: HeldFiles, own: Path) -> MemoryStatV2 | None:
    """Return what a container tells itself; None where it has ended already."""
    file = files.need_unless_gone(own / "memory.stat")
    if file is not None:
        with suppress(VanishedError):
            return MemoryStatV2(file)
    return None
