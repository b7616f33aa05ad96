"""What a server uses while an operator executes beside it, and what it uses for nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from cpost.errors import CpostError
from cpost.meter.port import Clock, Reader
from cpost.meter.sample import Rung, Sample
from cpost.meter.sampler import samples
from cpost.record.sidecar import Idleness
from cpost.units import NS_PER_USEC

# A quiet Triton wakes up every two seconds at most, for some tens of microseconds.
_IDLE_S = 1.0
# The engine's own statistics come once a second: fewer than two of them make no rate.
_IDLE_BY_STATISTICS_S = 3.5
# Above this a server is still at work for itself, with a model that it was just given.
_AT_WORK_CORES = 0.05
_PATIENCE = 4


def idleness(reader: Reader, clock: Clock, interval_ns: int) -> Idleness | None:
    """Return what a server uses while nobody asks it; None where that cannot be measured.

    A server that is still at work is waited for, some seconds at most.
    """
    measured = None
    for _ in range(_PATIENCE):
        measured = _idleness_once(reader, clock, interval_ns)
        if measured is None:
            return None
        if measured.cpu_usec * NS_PER_USEC < _AT_WORK_CORES * measured.duration_ns:
            return measured
    return measured


def _idleness_once(reader: Reader, clock: Clock, interval_ns: int) -> Idleness | None:
    by_statistics = reader.rung is Rung.ENGINE_STATS
    over = threading.Event()
    timer = threading.Timer(_IDLE_BY_STATISTICS_S if by_statistics else _IDLE_S, over.set)
    timer.daemon = True
    timer.start()
    try:
        read = list(samples(reader, clock, interval_ns, over))
    finally:
        timer.cancel()
    if len(read) < 2 or read[-1].at_ns <= read[0].at_ns:
        return None
    first, last = read[0], read[-1]
    return Idleness(
        cpu_usec=max(0, last.cpu_usage_usec - first.cpu_usage_usec),
        duration_ns=last.at_ns - first.at_ns,
    )


@contextmanager
def watched(
    reader: Reader, clock: Clock, interval_ns: int, keep: Callable[[Sample], None]
) -> Iterator[list[str]]:
    """Sample a server in a thread of its own while the block lasts.

    The first sample is taken before the block begins, the last when it has ended, so that their
    difference is what was used meanwhile. Yields a list that will tell why sampling ended early,
    if it does.
    """
    failures: list[str] = []
    over = threading.Event()

    def sample_on() -> None:
        try:
            for sample in samples(reader, clock, interval_ns, over):
                keep(sample)
        except CpostError as error:
            failures.append(str(error))

    # One that cannot be read is told by the thread, which reads the same.
    with suppress(CpostError):
        first = reader.sample()
        if first is not None:
            keep(first)
    thread = threading.Thread(target=sample_on, name="server sampling", daemon=True)
    thread.start()
    try:
        yield failures
    finally:
        over.set()
        thread.join()
