from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from cpost.errors import MeasureError
from cpost.meter.nvml import NvmlMeter, nvml_meter
from cpost.meter.target import Target

GB = 1_000_000_000
OWN = 4711
OTHER = 4712


class Error(Exception):
    pass


class NotFoundError(Error):
    pass


class NotSupportedError(Error):
    pass


@dataclass
class FakeNvml:
    """GPUs by number: who holds what, and what was told of whom since."""

    held: list[list[tuple[int, int | None]]] = field(default_factory=lambda: [[]])
    busy: list[list[tuple[int, int, int]]] = field(default_factory=lambda: [[]])
    refuses_utilisation: bool = False

    NVMLError = Error
    NVMLLibraryMismatchError = Error
    NVMLError_NotFound = NotFoundError
    NVMLError_NotSupported = NotSupportedError
    NVMLError_InsufficientSize = NotSupportedError

    def __getattr__(self, name: str) -> Any:
        answers = {
            "nvmlDeviceGetCount": lambda: len(self.held),
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetName": lambda index: f"GPU {index}",
            "nvmlDeviceGetMemoryInfo": lambda _: SimpleNamespace(total=16 * GB),
        }
        return answers[name]

    def nvmlDeviceGetComputeRunningProcesses(self, index: int) -> list[Any]:  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in self.held[index]]

    def nvmlDeviceGetProcessUtilization(self, index: int, since: int) -> list[Any]:  # noqa: N802
        if self.refuses_utilisation:
            raise NotSupportedError("Not Supported")
        told = [one for one in self.busy[index] if one[1] > since]
        if not told:
            raise NotFoundError("Not Found")
        return [SimpleNamespace(pid=pid, timeStamp=at, smUtil=percent) for pid, at, percent in told]


class Clock:
    def monotonic_ns(self) -> int:
        return 7

    wall_ns = monotonic_ns


def meter(nvml: FakeNvml) -> NvmlMeter:
    return NvmlMeter(nvml, {OWN}, Clock())


def test_memory_is_that_of_the_containers_own_processes() -> None:
    nvml = FakeNvml(held=[[(OWN, 3 * GB), (OTHER, 5 * GB), (OWN, GB)]])
    reading = meter(nvml).read()
    assert reading.memory_bytes == 4 * GB
    assert reading.at_ns == 7


def test_utilisation_is_that_of_the_containers_own_processes_since_the_reading_before() -> None:
    nvml = FakeNvml(busy=[[(OWN, 10, 90)]])
    one = meter(nvml)
    assert one.read().utilisation_percent == 0, "what was before the first reading is nobody's"
    nvml.busy[0] += [(OWN, 20, 40), (OTHER, 20, 50), (OWN, 30, 60)]
    assert one.read().utilisation_percent == 50
    assert one.read().utilisation_percent == 0


def test_several_gpus_are_added_up_and_those_in_use_are_named() -> None:
    nvml = FakeNvml(held=[[(OWN, GB)], [(OTHER, GB)], [(OWN, 2 * GB)]], busy=[[], [], []])
    one = meter(nvml)
    nvml.busy = [[(OWN, 1, 100)], [(OTHER, 1, 100)], [(OWN, 1, 30)]]
    reading = one.read()
    assert (reading.memory_bytes, reading.utilisation_percent) == (3 * GB, 130)
    assert one.devices == (("GPU 0", 16 * GB), ("GPU 2", 16 * GB))


def test_a_gpu_that_was_used_once_stays_named() -> None:
    nvml = FakeNvml(held=[[(OWN, GB)]])
    one = meter(nvml)
    one.read()
    nvml.held = [[]]
    assert one.read().memory_bytes == 0
    assert len(one.devices) == 1


def test_figures_that_cannot_be_are_passed_over() -> None:
    nvml = FakeNvml()
    one = meter(nvml)
    nvml.busy = [[(OWN, 5, 20), (OWN, 6, 4_294_967_295)]]
    assert one.read().utilisation_percent == 20


def test_what_the_driver_does_not_tell_is_not_known() -> None:
    reading = meter(FakeNvml(held=[[(OWN, None)]], refuses_utilisation=True)).read()
    assert reading.memory_bytes is None
    assert reading.utilisation_percent is None


def test_a_driver_that_fails_is_a_measure_error_with_a_hint() -> None:
    nvml = FakeNvml()
    one = meter(nvml)

    def lost(_: int) -> None:
        raise Error("GPU is lost")

    nvml.nvmlDeviceGetComputeRunningProcesses = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(MeasureError, match="NVML: GPU is lost") as raised:
        one.read()
    assert raised.value.hint == "see whether the driver works: nvidia-smi"


def test_a_container_without_a_cgroup_cannot_be_measured() -> None:
    with pytest.raises(MeasureError, match="no cgroup"), nvml_meter(Target(pid=1), Clock()):
        pass
