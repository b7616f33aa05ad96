from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from profiling_examples import FakeEngine, FakeGpuMeter, GpuEngine

from cpost.engine.port import ContainerSpec
from cpost.errors import MeasureError
from cpost.meter.clock import SystemClock
from cpost.meter.gpu import GpuReading
from cpost.meter.port import Clock
from cpost.meter.target import Target
from cpost.profiling.gpu_watch import GpuWatch, gpu_watch

SECOND_NS = 1_000_000_000
TARGET = Target(pid=None, cgroup_name="abc")
SPEC = ContainerSpec("c", "image", gpus=1)


def watched(meter: FakeGpuMeter) -> GpuWatch:
    watch = GpuWatch(meter.open, SystemClock(), interval_s=0.001)
    with watch.over(TARGET):
        assert meter.told.wait(30)
    assert not [one for one in threading.enumerate() if one.name == "GPUs"]
    return watch


def test_memory_is_the_most_and_utilisation_is_weighted_by_time() -> None:
    meter = FakeGpuMeter(
        [
            GpuReading(0, 0, 80),  # since when is not known
            GpuReading(1 * SECOND_NS, 5, 100),
            GpuReading(2 * SECOND_NS, None, None),
            GpuReading(5 * SECOND_NS, 3, 20),
        ]
    )
    watch = watched(meter)
    assert meter.opened_for == [TARGET]
    assert watch.warnings == ()
    use = watch.use
    assert use is not None
    assert use.samples >= 4
    assert replace(use, samples=4) == type(use)(
        devices=("NVIDIA T4",),
        memory_total_bytes=16_000_000_000,
        memory_peak_bytes=5,
        utilisation_average_percent=40,
        utilisation_maximum_percent=100,
        samples=4,
    )


def test_trouble_is_a_warning_beside_what_was_read_until_then() -> None:
    readings = [GpuReading(0, 5, 0)] * 2
    watch = watched(FakeGpuMeter(readings, trouble=MeasureError("it is lost", hint="mend it")))
    assert watch.warnings == ("its use of GPUs was not measured to its end: it is lost; mend it",)
    assert watch.use is not None
    assert watch.use.memory_peak_bytes == 5


def test_a_gpu_that_might_have_been_used_after_the_trouble_is_not_told_as_unused() -> None:
    readings = [GpuReading(0, 0, 0)] * 9
    watch = watched(FakeGpuMeter(readings, devices=(), trouble=MeasureError("it is lost")))
    assert watch.use is None


def test_a_meter_that_cannot_be_opened_is_a_warning() -> None:
    opened = threading.Event()

    @contextmanager
    def refuse(target: Target, clock: Clock) -> Iterator[FakeGpuMeter]:
        opened.set()
        raise MeasureError("no driver")
        yield FakeGpuMeter([])

    watch = GpuWatch(refuse, SystemClock())
    with watch.over(TARGET):
        assert opened.wait(30)
    assert watch.use is None
    assert watch.warnings == ("its use of GPUs was not measured: no driver",)


def test_only_a_container_with_a_gpu_of_this_machine_is_watched() -> None:
    engine, elsewhere = GpuEngine(), GpuEngine()
    elsewhere.known = replace(engine.known, local=False)
    for spec, one in (
        (replace(SPEC, gpus=0), engine),
        (SPEC, FakeEngine()),
        (SPEC, elsewhere),
    ):
        meter = FakeGpuMeter([])
        watch = gpu_watch(spec, one, meter.open, SystemClock())  # type: ignore[arg-type]
        threads = threading.active_count()
        with watch.over(TARGET):
            assert threading.active_count() == threads
        assert meter.opened_for == []
        assert (watch.use, watch.warnings) == (None, ())


def test_pynvml_is_not_imported_before_a_gpu_is_measured() -> None:
    code = (
        "import sys, cpost.commands.profile, cpost.commands.doctor; print('pynvml' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
