"""The steps of the ladder that stand on a cgroup of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from cpost.errors import MeasureError
from cpost.meter.cgroup_host import UNIFIED, CgroupHost
from cpost.meter.cgroup_reader import CgroupReader, Counters
from cpost.meter.cgroup_v1 import CgroupV1
from cpost.meter.cgroup_v2 import CgroupV2
from cpost.meter.counter_file import VanishedError
from cpost.meter.parent_cgroup import parent_directories
from cpost.meter.port import Clock
from cpost.meter.sample import Rung
from cpost.meter.target import Target

OpenCgroup = Callable[[tuple[str, ...]], CgroupReader]
"""Opens the reader of one step, given the notes it is to carry; MeasureError where it cannot."""

# Podman's helper process gets a cgroup beside the container's, beneath the same parent.
_HELPER = "conmon"
_HELPER_COUNTED = (
    'Podman\'s helper conmon is counted, too (some MiB): keep it out by cgroups = "no-conmon" in '
    "the section [containers] of containers.conf"
)


def cgroup_rungs(
    target: Target, own: Mapping[str, Path], host: CgroupHost, clock: Clock
) -> Iterator[tuple[Rung, OpenCgroup]]:
    """Yield the steps to be tried, best first; ``own`` is the container's cgroup, by controller."""
    if host.version is None:
        return
    if target.parent_cgroup is not None:
        rung = Rung.PARENT_CGROUP_V2 if host.version == 2 else Rung.PARENT_CGROUP_V1
        parent = parent_directories(target.parent_cgroup, host)
        # A plain process is put into the parent cgroup itself: there its limits would be.
        limits = parent if target.process_tree else own
        yield rung, _opener(rung, parent, limits, host, clock)
    if target.cgroup_name is not None:
        rung = Rung.CONTAINER_CGROUP_V2 if host.version == 2 else Rung.CONTAINER_CGROUP_V1
        yield rung, _opener(rung, own, own, host, clock)


def own_directories(target: Target, host: CgroupHost) -> dict[str, Path]:
    """Return the directories of the container's own cgroup, by controller.

    They are found from its first process, never built from names. Empty where that has ended, or
    where the number is some other process's, as it is if the engine is in a virtual machine.
    """
    if target.pid is None or target.cgroup_name is None:
        return {}
    return {
        controller: directory.parents[depth - 1] if depth else directory
        for controller, (name, directory) in host.directories_of(target.pid).items()
        if (depth := _depth_below(target.cgroup_name, name)) is not None
    }


def is_containers_own(name: str, cgroup_name: str) -> bool:
    """Whether a cgroup of this name is the container's, by the id in it."""
    return cgroup_name in name and _HELPER not in name


def _depth_below(cgroup_name: str, path: str) -> int | None:
    """Return how deep in the container's cgroup ``path`` is; None if it is not in it.

    Some runtimes put the processes into a cgroup of their own beneath the one with the limits.
    """
    parts = PurePosixPath(path).parts
    for index, part in enumerate(parts):
        if is_containers_own(part, cgroup_name):
            return len(parts) - 1 - index
    return None


def _opener(
    rung: Rung,
    directories: Mapping[str, Path],
    limits: Mapping[str, Path],
    host: CgroupHost,
    clock: Clock,
) -> OpenCgroup:
    """Return what opens a cgroup; ``limits`` are the directories that would have its limits."""

    def open_reader(notes: tuple[str, ...]) -> CgroupReader:
        try:
            counters = _counters(directories, limits, host)
        except VanishedError as error:
            raise MeasureError("it is gone already") from error
        if rung.exact_totals and _holds_a_helper(directories):
            notes = (*notes, _HELPER_COUNTED)
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


def _holds_a_helper(directories: Mapping[str, Path]) -> bool:
    return any(place.is_dir() for one in directories.values() for place in one.glob(f"*{_HELPER}*"))
