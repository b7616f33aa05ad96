"""Where an operator that was started can be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What an engine tells the meter of a container it has started; None where it cannot.

    ``pid`` is the host's number of the container's first process, None if it has ended already.
    ``cgroup_name`` is a piece of text that only this container's own cgroup path holds (its id).
    ``parent_cgroup`` is where the parent cgroup lies that it was started in, unique to this run: a
    path below the mount of the hierarchy.
    ``stats`` opens the engine's own stream of statistics, one mapping a second.
    ``process_tree`` says that ``pid`` is a plain local process, to be followed by its children.
    """

    pid: int | None
    cgroup_name: str | None = None
    parent_cgroup: str | None = None
    stats: Callable[[], Iterator[Mapping[str, Any]]] | None = None
    process_tree: bool = False
