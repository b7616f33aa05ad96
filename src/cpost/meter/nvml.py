"""GPUs as NVIDIA's management library (NVML) tells of them; the only module that knows pynvml.

It is imported when a GPU is to be measured, and never before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from cpost.errors import MeasureError
from cpost.meter.gpu import GpuDevice, GpuReading
from cpost.meter.own_processes import OwnProcesses
from cpost.meter.port import Clock
from cpost.meter.target import Target

INSTALL_HINT = "pip install 'cpost[gpu]'"


def is_installed() -> bool:
    """Whether pynvml could be imported; it is not."""
    return find_spec("pynvml") is not None


@contextmanager
def nvml_meter(target: Target, clock: Clock) -> Iterator[NvmlMeter]:
    """Measure the GPUs of one container; see ``gpu.OpenGpuMeter``."""
    own = OwnProcesses(target)
    if not own.can_be_told:
        raise MeasureError("it has no cgroup by which its processes are known")
    try:
        import pynvml  # noqa: PLC0415  # not needed where no container has a GPU
    except ImportError as error:
        raise MeasureError(
            "the package nvidia-ml-py is not installed", hint=INSTALL_HINT
        ) from error
    with _initialised(pynvml):
        yield NvmlMeter(pynvml, own, clock)


class NvmlMeter:
    """See ``gpu.GpuMeter``; all GPUs of this machine are looked at for the container's processes.

    On a GPU that is cut into instances (MIG) NVML tells no utilisation of processes, and a reading
    then has none. What dead processes did is told for some seconds after their end.
    """

    def __init__(self, nvml: Any, own: Container[int], clock: Clock) -> None:
        """Take the library, initialised; ``own`` holds the container's processes. MeasureError."""
        self._nvml = nvml
        self._clock = clock
        with _told_as_measure_error(nvml):
            handles = map(nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount()))
            self._gpus = [_Gpu(nvml, handle, own) for handle in handles]
            for gpu in self._gpus:
                gpu.utilisation_percent()  # what was before is nobody's

    @property
    def devices(self) -> tuple[GpuDevice, ...]:
        """See ``gpu.GpuMeter.devices``."""
        return tuple(gpu.device for gpu in self._gpus if gpu.was_used)

    def read(self) -> GpuReading:
        """See ``gpu.GpuMeter.read``."""
        with _told_as_measure_error(self._nvml):
            held = [gpu.memory_bytes() for gpu in self._gpus]
            busy = [gpu.utilisation_percent() for gpu in self._gpus]
        return GpuReading(self._clock.monotonic_ns(), _sum_or_none(held), _sum_or_none(busy))


class _Gpu:
    """One GPU, and what the container does on it; errors are those of NVML."""

    def __init__(self, nvml: Any, handle: Any, own: Container[int]) -> None:
        self.device = GpuDevice(nvml.nvmlDeviceGetName(handle), _total_bytes(nvml, handle))
        self.was_used = False
        self._nvml = nvml
        self._handle = handle
        self._own = own
        self._last_usec = 0

    def memory_bytes(self) -> int | None:
        """Return what the container's processes hold; None where the driver does not tell."""
        running = self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handle)
        own = [one.usedGpuMemory for one in running if one.pid in self._own]
        self.was_used |= bool(own)
        return _sum_or_none(own)

    def utilisation_percent(self) -> int | None:
        """Return how busy its processes kept it since this was asked last; None: not told."""
        nvml = self._nvml
        try:
            read = nvml.nvmlDeviceGetProcessUtilization(self._handle, self._last_usec)
        except nvml.NVMLError_NotFound:
            return 0  # nobody used it
        except (nvml.NVMLError_NotSupported, nvml.NVMLError_InsufficientSize):
            return None  # the second: processes came while they were counted
        # Some drivers repeat old entries, or fill in figures that cannot be.
        fresh = [one for one in read if one.timeStamp > self._last_usec and one.smUtil <= 100]
        self._last_usec = max((one.timeStamp for one in fresh), default=self._last_usec)
        shares: dict[int, list[int]] = defaultdict(list)
        for one in fresh:
            if one.pid in self._own:
                shares[one.pid].append(one.smUtil)
        self.was_used |= bool(shares)
        return min(100, round(sum(sum(share) / len(share) for share in shares.values())))


@contextmanager
def _initialised(nvml: Any) -> Iterator[None]:
    with _told_as_measure_error(nvml):
        nvml.nvmlInit()
    try:
        yield
    finally:
        with _told_as_measure_error(nvml):
            nvml.nvmlShutdown()


@contextmanager
def _told_as_measure_error(nvml: Any) -> Iterator[None]:
    try:
        yield
    except (nvml.NVMLError, nvml.NVMLLibraryMismatchError) as error:
        raise MeasureError(
            f"NVML: {error}", hint="see whether the driver works: nvidia-smi"
        ) from error


def _total_bytes(nvml: Any, handle: Any) -> int | None:
    try:
        return int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError_NotSupported:  # GPU and CPU share one memory
        return None


def _sum_or_none(values: list[int | None]) -> int | None:
    known = [one for one in values if one is not None]
    return sum(known) if len(known) == len(values) else None
