"""The port that a meter of GPUs fills: what the processes of one container use of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from cpost.meter.port import Clock
from cpost.meter.target import Target


class GpuDevice(NamedTuple):
    """A GPU; ``memory_bytes`` is all it has, None where it does not tell."""

    name: str
    memory_bytes: int | None


class GpuReading(NamedTuple):
    """What one container's processes use of all GPUs together; None where it is not told.

    ``utilisation_percent`` is the share of time since the reading before in which they had the
    GPU compute; 100 is one GPU, so two that are busy are 200.
    """

    at_ns: int
    memory_bytes: int | None
    utilisation_percent: int | None


class GpuMeter(Protocol):
    """Reads what one container uses of GPUs."""

    @property
    def devices(self) -> tuple[GpuDevice, ...]:
        """The GPUs on which a process of the container was seen so far."""
        ...

    def read(self) -> GpuReading:
        """Read once, now; MeasureError."""
        ...


OpenGpuMeter = Callable[[Target, Clock], AbstractContextManager[GpuMeter]]
"""Opens the meter of one container, to be closed when the block ends; MeasureError."""
