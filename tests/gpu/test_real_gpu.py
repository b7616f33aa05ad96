"""The meter of GPUs on a real one; skipped, and never a failure, where NVML finds none."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from cpost.errors import MeasureError
from cpost.meter.clock import SystemClock
from cpost.meter.nvml import NvmlMeter, nvml_meter
from cpost.meter.target import Target

pytestmark = pytest.mark.gpu

NOBODY = Target(pid=None, cgroup_name="no container has this in its name")

MIB = 1 << 20
# Holds 256 MiB of the first GPU until its stdin ends; 9 where this machine has no CUDA for it.
HOLD = """
import ctypes, sys
try:
    cuda = ctypes.CDLL("libcuda.so.1")
except OSError:
    sys.exit(9)
context, memory = ctypes.c_void_p(), ctypes.c_uint64()
refused = (
    cuda.cuInit(0)
    or cuda.cuCtxCreate_v2(ctypes.byref(context), 0, 0)
    or cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(256 << 20))
)
if refused:
    sys.exit(9)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _needs_a_gpu() -> None:
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        pytest.skip(f"no GPU: {error}")
    count = pynvml.nvmlDeviceGetCount()
    pynvml.nvmlShutdown()
    if not count:
        pytest.skip("no GPU: NVML finds none")


def test_a_container_without_a_process_on_a_gpu_holds_nothing_of_it() -> None:
    with nvml_meter(NOBODY, SystemClock()) as meter:
        first, second = meter.read(), meter.read()
    assert second.at_ns > first.at_ns
    assert second.memory_bytes == 0
    assert second.utilisation_percent in {0, None}
    assert meter.devices == ()


def test_a_meter_can_be_opened_again_once_it_was_closed() -> None:
    for _ in range(2):
        with nvml_meter(NOBODY, SystemClock()) as meter:
            meter.read()
    with pytest.raises(MeasureError, match="NVML"):
        meter.read()


def test_memory_that_a_process_holds_on_a_gpu_is_seen_as_its_own() -> None:
    pynvml = pytest.importorskip("pynvml")
    with (
        nvml_meter(NOBODY, SystemClock()),  # keeps the library initialised
        subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder,
    ):
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != b"held\n":
                pytest.skip("no memory of a GPU can be had: no CUDA driver, or it is in use")
            if not _is_told(pynvml, holder.pid):
                pytest.skip("NVML numbers processes otherwise: this is inside a container")
            meter = NvmlMeter(pynvml, {holder.pid}, SystemClock())
            reading = meter.read()
            assert len(meter.devices) == 1
            assert reading.memory_bytes is None or reading.memory_bytes >= 256 * MIB
        finally:
            holder.stdin.close()


def _is_told(pynvml: ModuleType, pid: int) -> bool:
    handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
    return any(
        one.pid == pid
        for handle in handles
        for one in pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
    )
