"""Doubts about figures that a limit made: they tell of the limit, not of the operator."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.meter.sample import Totals
from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.usage import Usage, duration_ns
from cpost.units import MCORES_PER_CORE, NS_PER_USEC, USEC_PER_SECOND, format_megabytes

# The kernel counts memory in pages; a limit is rounded down to whole ones.
PAGE_BYTES = 4096

# The highest second may be the limit's own as soon as one second was held back; and in a hundred
# times that, one second is what decides on the maximum.
THROTTLED_SHARE = 0.01


def limit_doubts(run: Run, used: Usage) -> Iterator[Doubt]:
    """Yield doubts about memory and CPU that a limit held back."""
    yield from _memory(run)
    yield from _cpu(run, used)


def peak_is_limit(totals: Totals) -> bool:
    """Whether memory went up to its limit, so that nobody knows how far it would have gone."""
    peak_bytes, limit_bytes = totals.memory_peak_bytes, totals.memory_limit_bytes
    if peak_bytes is None or limit_bytes is None:
        return False
    return peak_bytes >= limit_bytes - PAGE_BYTES


def _memory(run: Run) -> Iterator[Doubt]:
    totals = run.result.totals
    limit_bytes = totals.memory_limit_bytes
    if limit_bytes is not None and peak_is_limit(totals):
        yield Doubt(
            DoubtKind.PEAK_SATURATED,
            "its memory peak is its limit, so it says only that the limit of "
            f"{format_megabytes(limit_bytes)} was reached",
            "execute it with a higher limit",
        )
    if totals.memory_limit_hits:
        limit = "" if limit_bytes is None else f" of {format_megabytes(limit_bytes)}"
        yield Doubt(
            DoubtKind.MEMORY_LIMIT_HIT,
            f"it reached its memory limit{limit} {_times(totals.memory_limit_hits)}, so the kernel "
            "had to take memory back and it may have been slower",
            "execute it with a higher limit",
        )


def _cpu(run: Run, used: Usage) -> Iterator[Doubt]:
    totals = run.result.totals
    whole_ns = duration_ns(run, used)
    if not totals.throttled_usec or not whole_ns:
        return
    if totals.throttled_usec * NS_PER_USEC <= THROTTLED_SHARE * whole_ns:
        return
    quota = totals.cpu_limit_mcores
    by = "a CPU quota" if quota is None else f"its quota of {quota / MCORES_PER_CORE:g} cores"
    yield Doubt(
        DoubtKind.CPU_THROTTLED,
        f"{by} held it back for {totals.throttled_usec / USEC_PER_SECOND:.1f} s, so its maximum is "
        "the quota's and it took longer",
        "execute it without a quota",
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
