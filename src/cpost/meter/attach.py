"""Finding the best meter for an operator that was started: down the ladder, from its top."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from cpost.errors import MeasureError
from cpost.meter.cgroup_host import UNIFIED, CgroupHost
from cpost.meter.cgroup_reader import CgroupReader, Counters
from cpost.meter.cgroup_v1 import CgroupV1
from cpost.meter.cgroup_v2 import CgroupV2
from cpost.meter.engine_stats import EngineStatsReader
from cpost.meter.nothing_to_read import NothingToRead
from cpost.meter.parent_cgroup import parent_directories
from cpost.meter.port import Clock, Reader
from cpost.meter.sample import Rung
from cpost.meter.target import Target

_HINT = "cpost doctor tells what this machine can measure, and what would mend it"

_Open = Callable[[tuple[str, ...]], Reader]
"""Opens the reader of one step, given the notes it is to carry; MeasureError where it cannot."""


def attach(target: Target, host: CgroupHost | None, clock: Clock) -> Reader:
    """Return the best reader there is for ``target``, its files open already.

    ``host`` is None where the operator is not on this machine. The reader's notes tell why it is
    no better one. An operator that ended before anything could be opened gets a reader that has
    nothing to say; one that is alive and cannot be measured raises MeasureError.
    """
    refusals: list[str] = []
    lowest = Rung.ENGINE_STATS
    for rung, open_reader in _ladder(target, host, clock):
        lowest = rung
        try:
            return open_reader(tuple(refusals))
        except MeasureError as error:
            refusals.append(f"no {rung.value}: {error}")
    if host is None or target.pid is None or not (host.proc / str(target.pid)).exists():
        return NothingToRead(lowest, (*refusals, "it had ended before anything could be read"))
    raise MeasureError("; ".join(["the operator cannot be measured", *refusals]), hint=_HINT)


def _ladder(target: Target, host: CgroupHost | None, clock: Clock) -> Iterator[tuple[Rung, _Open]]:
    """Yield the steps to be tried, best first."""
    if host is not None and host.version is not None:
        own = _own_directories(target, host)
        if target.parent_cgroup is not None:
            rung = Rung.PARENT_CGROUP_V2 if host.version == 2 else Rung.PARENT_CGROUP_V1
            parent = parent_directories(target.parent_cgroup, host)
            # A plain process is put into the parent cgroup itself: there its limits would be.
            limits = parent if target.process_tree else own
            yield rung, _cgroup_opener(rung, parent, limits, host, clock)
        if target.cgroup_name is not None:
            rung = Rung.CONTAINER_CGROUP_V2 if host.version == 2 else Rung.CONTAINER_CGROUP_V1
            yield rung, _cgroup_opener(rung, own, own, host, clock)
    if target.stats is not None:
        stats = target.stats
        yield Rung.ENGINE_STATS, lambda notes: EngineStatsReader(stats, clock, notes)
    if target.process_tree and target.pid is not None:
        pid = target.pid
        yield Rung.PROCESS_TREE, lambda notes: _process_tree_reader(pid, clock, notes)


def _own_directories(target: Target, host: CgroupHost) -> dict[str, Path]:
    """Return the directories of the container's own cgroup, by controller.

    They are found from its first process, never built from names. Empty where that has ended, or
    where the number is some other process's, as it is if the engine is in a virtual machine.
    """
    if target.pid is None or target.cgroup_name is None:
        return {}
    return {
        controller: directory
        for controller, (name, directory) in host.directories_of(target.pid).items()
        if target.cgroup_name in name
    }


def _cgroup_opener(
    rung: Rung,
    directories: Mapping[str, Path],
    limits: Mapping[str, Path],
    host: CgroupHost,
    clock: Clock,
) -> _Open:
    """Return what opens a cgroup; ``limits`` are the directories that would have its limits."""

    def open_reader(notes: tuple[str, ...]) -> Reader:
        counters = _counters(directories, limits, host)
        with ExitStack() as opening:
            reader = opening.enter_context(CgroupReader(rung, counters, clock, notes))
            # The first reading tells whether every key is there that is needed.
            if reader.sample() is None:
                raise MeasureError("it is gone already")
            opening.pop_all()
        return reader

    return open_reader


def _counters(
    directories: Mapping[str, Path], limits: Mapping[str, Path], host: CgroupHost
) -> Counters:
    """Open the files of a cgroup; MeasureError where it is not there, or cannot tell enough."""
    if host.version == 2 and UNIFIED in directories:
        return CgroupV2(directories[UNIFIED], limits.get(UNIFIED))
    if host.version == 1 and {"memory", "cpuacct"} <= directories.keys():
        return CgroupV1(directories, limits)
    raise MeasureError("there is no such cgroup on this machine, or not any more")


def _process_tree_reader(pid: int, clock: Clock, notes: tuple[str, ...]) -> Reader:
    from cpost.meter.process_tree import ProcessTreeReader  # noqa: PLC0415  # psutil costs 20 ms

    return ProcessTreeReader(pid, clock, notes)
