"""What stands in one cell of a table."""

from __future__ import annotations

from cpost.reports.gpu_words import gpu_request
from cpost.sizing.recommendation import Recommendation
from cpost.units import BYTES_PER_MB

UNKNOWN = "n/a"


def percent(cores: float | None) -> str:
    """Return CPU usage as it is printed: 100 % is one core."""
    return UNKNOWN if cores is None else f"{cores * 100:.3f} %"


def megabytes(count: int | None) -> str:
    """Return an amount of memory as it is printed: in MB of 10^6 bytes."""
    return UNKNOWN if count is None else f"{count / BYTES_PER_MB:.3f} MB"


def requests(recommended: Recommendation) -> tuple[str, ...] | None:
    """Return the lines to write into the definition, CPU first, then memory; None: none."""
    if recommended.cpu_cores is None or recommended.memory_mib is None:
        return None
    return (
        f"cpu: {recommended.cpu_cores}",
        f"memory: {recommended.memory_mib}",
        *gpu_request(recommended.gpus),
    )
