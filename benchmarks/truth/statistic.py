"""Arithmetic on measurements; knows nothing of what they are."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Sequence
from math import ceil, comb


def median(values: Sequence[float]) -> float:
    """Return the middle of at least one value."""
    return statistics.median(values)


def percentile(values: Sequence[int], percent: int) -> int:
    """Return the smallest value that ``percent`` of all are not above (nearest rank)."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


def median_interval(
    values: Sequence[float], confidence: float = 0.95
) -> tuple[float, float] | None:
    """Return between which of the values the true median lies, with at least ``confidence``.

    It supposes nothing of how they are distributed: the number of values below the true median is
    binomial with one half (the interval of the sign test). None where there are too few values.
    """
    count = len(values)
    outside, left_out = 0.0, 0
    while True:
        outside += 2 * comb(count, left_out) / 2**count
        if outside > 1 - confidence:
            break
        left_out += 1
    if left_out == 0:
        return None
    ordered = sorted(values)
    return ordered[left_out - 1], ordered[count - left_out]


def lateness_ns(at_ns: Sequence[int], interval_ns: int) -> list[int]:
    """Return how long after its tick each sample was taken.

    Where the ticks lie is not written down: they are placed so that all samples together are
    least late. A lateness that they all share is not seen.
    """
    offsets = [at % interval_ns for at in at_ns]
    ordered, total = sorted(offsets), sum(offsets)
    # Seen from a later origin, the offsets before it belong to the tick before.
    together = {
        origin: total - len(ordered) * origin + interval_ns * bisect_left(ordered, origin)
        for origin in set(ordered)
    }
    origin = min(together, key=lambda one: together[one], default=0)
    return [(offset - origin) % interval_ns for offset in offsets]
