"""Finding the best meter for an operator that was started: down the ladder, from its top."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from cpost.errors import MeasureError
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.cgroup_reader import CgroupReader
from cpost.meter.cgroup_rungs import cgroup_rungs, own_directories
from cpost.meter.engine_stats import EngineStatsReader
from cpost.meter.nothing_to_read import NothingToRead
from cpost.meter.port import Clock, Reader
from cpost.meter.sample import Rung
from cpost.meter.target import Target

_HINT = "cpost doctor tells what this machine can measure, and what would mend it"

_Open = Callable[[tuple[str, ...]], Reader]
"""Opens the reader of one step, given the notes it is to carry; MeasureError where it cannot."""


class OpenedEarly(Protocol):
    """What may have been opened before the engine said that the container had started."""

    def take(self) -> CgroupReader | None:
        """Return the reader of its cgroup, to be closed by the caller; None if there is none."""
        ...

    def follow(self, reader: CgroupReader, own: Iterable[Path]) -> None:
        """Have ``reader`` read when the kernel tells of something in the directories ``own``."""
        ...


def attach(
    target: Target, host: CgroupHost | None, clock: Clock, early: OpenedEarly | None = None
) -> Reader:
    """Return the best reader there is for ``target``, its files open already.

    ``host`` is None where the operator is not on this machine. ``early`` is what watched for its
    cgroup while it was started (see ``early_cgroup``). The reader's notes tell why it is no better
    one. An operator that ended before anything could be opened gets a reader that has nothing to
    say; one that is alive and cannot be measured raises MeasureError.
    """
    opened = early.take() if early is not None else None
    if opened is not None:
        return opened
    refusals: list[str] = []
    if host is not None and host.version is None:
        refusals.append("no cgroup hierarchy is mounted on this machine")
    lowest = Rung.ENGINE_STATS
    for rung, open_reader in _ladder(target, host, clock):
        lowest = rung
        try:
            reader = open_reader(tuple(refusals))
        except MeasureError as error:
            refusals.append(f"no {rung.value}: {error}")
            continue
        if early is not None and host is not None and isinstance(reader, CgroupReader):
            early.follow(reader, own_directories(target, host).values())
        return reader
    if host is None or target.pid is None or not (host.proc / str(target.pid)).exists():
        return NothingToRead(lowest, tuple(refusals))
    raise MeasureError("; ".join(["the operator cannot be measured", *refusals]), hint=_HINT)


def _ladder(target: Target, host: CgroupHost | None, clock: Clock) -> Iterator[tuple[Rung, _Open]]:
    """Yield the steps to be tried, best first."""
    if host is not None:
        yield from cgroup_rungs(target, own_directories(target, host), host, clock)
    if target.stats is not None:
        stats = target.stats
        yield Rung.ENGINE_STATS, lambda notes: EngineStatsReader(stats, clock, notes)
    if target.process_tree and target.pid is not None:
        pid = target.pid
        yield Rung.PROCESS_TREE, lambda notes: _process_tree_reader(pid, clock, notes)


def _process_tree_reader(pid: int, clock: Clock, notes: tuple[str, ...]) -> Reader:
    from cpost.meter.process_tree import ProcessTreeReader  # noqa: PLC0415  # psutil costs 20 ms

    return ProcessTreeReader(pid, clock, notes)
