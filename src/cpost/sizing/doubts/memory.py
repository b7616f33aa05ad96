"""Doubts about how high memory went."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.doubts.limits import peak_is_limit
from cpost.sizing.memory_spike import unseen_spike_bytes
from cpost.sizing.usage import Usage
from cpost.units import format_megabytes


def memory_doubts(run: Run, used: Usage) -> Iterator[Doubt]:
    """Yield doubts about the memory peak and about memory that lay elsewhere."""
    totals = run.result.totals
    if totals.memory_peak_bytes is None and used.memory_maximum_bytes is not None:
        yield Doubt(
            DoubtKind.PEAK_SAMPLED,
            "the kernel tells no memory peak here, so the maximum is the highest sample",
            "cpost doctor says what would mend it",
        )
    spike_bytes = unseen_spike_bytes(run, used)
    if spike_bytes:
        yield Doubt(
            DoubtKind.SPIKE_MISSED,
            "a spike of memory was missed, for the kernel's peak is "
            f"{format_megabytes(spike_bytes)} above all that samples saw and files explain, so "
            "hard memory and working set are too low",
            "execute it with a higher limit"
            if peak_is_limit(totals)
            else "size it from the peak, as cpost does",
        )
    if totals.swap_peak_bytes:
        yield Doubt(
            DoubtKind.SWAPPED,
            f"{format_megabytes(totals.swap_peak_bytes)} of its memory were swapped out, and are "
            "in no figure of memory",
            "execute it again with more memory, or without swap",
        )
