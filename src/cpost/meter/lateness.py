"""How late samples were taken: counted in bounded memory, however many there are."""

from __future__ import annotations

# Each power of two is divided into 2**4 bins, so that a bin is at most a sixteenth wide.
_BINS_BITS = 4


class Lateness:
    """Counts nanoseconds in bins that grow with what they hold, as HdrHistogram does.

    What ``percentile_ns`` returns is never less than what it stands for, and at most a sixteenth
    more. For one thread.
    """

    def __init__(self) -> None:
        self.count = 0
        self._bins: dict[int, int] = {}

    def add(self, late_ns: int) -> None:
        """Count one sample; one that came too early was not late."""
        key = _bin(max(0, late_ns))
        self._bins[key] = self._bins.get(key, 0) + 1
        self.count += 1

    def percentile_ns(self, percent: int) -> int | None:
        """Return what ``percent`` of all samples did not exceed; None where there are none.

        The nearest-rank method: 50 is the median, 100 the largest.
        """
        rank = max(1, -(-self.count * percent // 100))
        seen = 0
        for key in sorted(self._bins):
            seen += self._bins[key]
            if seen >= rank:
                return _largest_of(key)
        return None


def _bin(value: int) -> int:
    """Return the number of the bin of ``value``: small ones have a bin each, then 16 an octave."""
    shift = max(0, value.bit_length() - _BINS_BITS - 1)
    return (shift << _BINS_BITS) + (value >> shift)


def _largest_of(key: int) -> int:
    """Return the largest value whose bin is ``key``."""
    shift = max(0, (key >> _BINS_BITS) - 1)
    return ((key - (shift << _BINS_BITS) + 1) << shift) - 1
