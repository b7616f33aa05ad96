"""What one container used of GPUs, as it is kept with a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpost.record.fields import Fields


@dataclass(frozen=True, slots=True)
class GpuUse:
    """A container's use of the GPUs that it was given; None where it is not told.

    ``devices`` are the names of those on which a process of it was seen, empty where it used none;
    ``memory_total_bytes`` is what these have together. Memory is the most of any reading, a second
    apart, of all GPUs together. Utilisation is the share of time in which they computed for it:
    100 is one GPU all the time. ``samples`` is the number of readings.
    """

    devices: tuple[str, ...]
    memory_total_bytes: int | None
    memory_peak_bytes: int | None
    utilisation_average_percent: int | None
    utilisation_maximum_percent: int | None
    samples: int


def stored_gpu(stored: Fields) -> GpuUse | None:
    """Return what is stored as ``gpu``; None where a run of earlier times has none; RecordError."""
    if stored.optional("gpu", dict) is None:
        return None
    inner = stored.inner("gpu")
    return GpuUse(
        devices=inner.texts("devices"),
        memory_total_bytes=inner.optional("memory_total_bytes", int),
        memory_peak_bytes=inner.optional("memory_peak_bytes", int),
        utilisation_average_percent=inner.optional("utilisation_average_percent", int),
        utilisation_maximum_percent=inner.optional("utilisation_maximum_percent", int),
        samples=inner.get("samples", int),
    )
