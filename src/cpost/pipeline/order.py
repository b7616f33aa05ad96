"""In which order operators are executed."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from cpost.pipeline.model import Operator, Pipeline


def execution_order(pipeline: Pipeline) -> tuple[Operator, ...]:
    """Return all operators, each after those whose outputs it reads.

    Where that leaves a choice, the operator that stands first in the file comes first. Time:
    O(n log n + e). Raises ValueError for a cycle, which the reader lets no pipeline have.
    """
    index = {operator.name: number for number, operator in enumerate(pipeline.operators)}
    sources = [
        {index[one.from_operator] for one in operator.inputs if one.from_operator is not None}
        for operator in pipeline.operators
    ]
    order = _sorted(sources)
    if len(order) < len(sources):
        left = ", ".join(sorted(set(index) - {pipeline.operators[one].name for one in order}))
        raise ValueError(f"operators depend on one another in a cycle: {left}")
    return tuple(pipeline.operators[number] for number in order)


def cycles(sources: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return cycles in the direction of the data, each name in one of them at most.

    ``sources`` holds for every operator those it reads from. A cycle begins with the operator
    that stands first in ``sources``. There is at least one if there is any. Time: O(n + e).
    """
    position = {name: number for number, name in enumerate(sources)}
    found: list[list[str]] = []
    done: set[str] = set()
    for start in sources:
        path: dict[str, int] = {}  # where the trail leads, each with how many sources were seen
        trail = [] if start in done else [start]
        while trail:
            name = trail[-1]
            seen = path.get(name, 0)
            path[name] = seen + 1
            if seen == len(sources[name]):
                done.add(name)
                del path[name]
                trail.pop()
                continue
            source = sources[name][seen]
            if source in path:
                loop = trail[trail.index(source) :][::-1]
                first = loop.index(min(loop, key=position.__getitem__))
                found.append(loop[first:] + loop[:first])
                done.update(trail)
                break
            if source not in done:
                trail.append(source)
    return found


def _sorted(sources: Sequence[set[int]]) -> list[int]:
    readers: list[list[int]] = [[] for _ in sources]
    waiting = [len(one) for one in sources]
    for number, one in enumerate(sources):
        for source in one:
            readers[source].append(number)
    ready = [number for number, count in enumerate(waiting) if not count]  # sorted, so a heap
    order = []
    while ready:
        number = heapq.heappop(ready)
        order.append(number)
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    return order
