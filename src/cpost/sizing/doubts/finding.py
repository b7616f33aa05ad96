"""All that is doubtful about a stored run, most basic first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt
from cpost.sizing.doubts.kills import kill_doubts
from cpost.sizing.doubts.limits import limit_doubts
from cpost.sizing.doubts.machine import machine_doubts
from cpost.sizing.doubts.memory import memory_doubts
from cpost.sizing.doubts.meter import meter_doubts
from cpost.sizing.doubts.sampling import sampling_doubts
from cpost.sizing.doubts.starting import starting_doubts
from cpost.sizing.sidecars import SizedSidecar
from cpost.sizing.usage import Usage, duration_ns

Detector = Callable[[Run, Usage], Iterator[Doubt]]

_DETECTORS: tuple[Detector, ...] = (
    sampling_doubts,
    meter_doubts,
    memory_doubts,
    limit_doubts,
    kill_doubts,
    starting_doubts,
)


def find_doubts(run: Run, used: Usage, sidecars: Sequence[SizedSidecar]) -> Iterator[Doubt]:
    """Yield what is doubtful about ``run``; nothing about one that was never executed.

    ``sidecars`` are the servers that stood beside it.
    """
    if duration_ns(run, used) is None:
        return
    for detect in _DETECTORS:
        yield from detect(run, used)
    yield from machine_doubts(run, used, sidecars)
