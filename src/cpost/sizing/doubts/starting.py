"""Doubts about operators so small that starting their container is a large part of them."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.usage import Usage, cpu_total_usec

# CPU time adds up: a fifth of the total is more than any other error here.
CPU_SHARE = 0.2

# A peak does not add up: what a container needs to start is given back before its program needs
# much, and hides only a program whose peak is not clearly higher.
MEMORY_SHARE = 0.5


def starting_doubts(run: Run, used: Usage) -> Iterator[Doubt]:
    """Yield the doubt if what starting a container costs here is known, and is a large share."""
    start, totals = run.result.start_up, run.result.totals
    shares = []
    cpu = _percent(start.cpu_usec, cpu_total_usec(run, used), CPU_SHARE)
    if cpu is not None:
        shares.append(f"{cpu} % of its CPU time")
    memory = _percent(start.memory_peak_bytes, totals.memory_peak_bytes, MEMORY_SHARE)
    if memory is not None:
        shares.append(f"{memory} % of its memory peak")
    if shares:
        yield Doubt(
            DoubtKind.START_UP_SHARE,
            f"starting the container is about {' and '.join(shares)}, so as much of its "
            "figures is not the operator's own",
            "a larger payload tells more",
        )


def _percent(floor: int | None, whole: int | None, least_share: float) -> int | None:
    """Return the floor's share in percent, at most 100; None below ``least_share`` or unknown."""
    if not floor or not whole or floor < least_share * whole:
        return None
    return min(100, round(100 * floor / whole))
