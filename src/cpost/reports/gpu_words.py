"""What is told of GPUs; nothing where none was measured."""

from __future__ import annotations

from collections import Counter

from cpost.record.gpu import GpuUse
from cpost.units import format_decimal_bytes


def gpu_words(use: GpuUse | None, gpus: int | None) -> tuple[str, ...]:
    """Return what was used of GPUs and, where it is known, what to request of them."""
    if use is None:
        return ()
    if not use.devices:
        return (f"given, but not used in any of {use.samples} readings", *gpu_request(gpus))
    return (", ".join((_memory(use), *_utilisation(use))), *gpu_request(gpus))


def gpu_request(gpus: int | None) -> tuple[str, ...]:
    """Return the line to write into the definition; none where nothing is recommended."""
    return () if gpus is None else (f"gpu: {gpus}",)


def _memory(use: GpuUse) -> str:
    names = ", ".join(
        name if count == 1 else f"{count} {name}" for name, count in Counter(use.devices).items()
    )
    if use.memory_peak_bytes is None:
        return names
    total = use.memory_total_bytes
    of_all = "" if total is None else f" of {format_decimal_bytes(total)}"
    return f"at most {format_decimal_bytes(use.memory_peak_bytes)}{of_all} ({names})"


def _utilisation(use: GpuUse) -> tuple[str, ...]:
    average, most = use.utilisation_average_percent, use.utilisation_maximum_percent
    if average is None or most is None:
        return ()
    return f"{average} % busy on average", f"{most} % at most"
