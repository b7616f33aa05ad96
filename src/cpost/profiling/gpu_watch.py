"""What a container does on GPUs while an operator executes, sampled once a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cpost.engine.port import ContainerSpec, Engine
from cpost.errors import CpostError
from cpost.meter.gpu import GpuDevice, GpuReading, OpenGpuMeter
from cpost.meter.port import Clock
from cpost.meter.target import Target
from cpost.record.gpu import GpuUse

_INTERVAL_S = 1.0
_PATIENCE_S = 10.0  # a driver that hangs must not keep a session from ending


class GpuWatch:
    """Watches one container; of one that was given no GPU it does nothing, and knows nothing.

    ``use`` and ``warnings`` tell of it once the block of ``over`` has ended. Whatever goes wrong
    is a warning, and never an error.
    """

    def __init__(
        self, open_meter: OpenGpuMeter | None, clock: Clock, interval_s: float = _INTERVAL_S
    ) -> None:
        """Open nothing yet; ``open_meter`` is None where there is nothing to be measured."""
        self.use: GpuUse | None = None
        self.warnings: tuple[str, ...] = ()
        self._open_meter = open_meter
        self._clock = clock
        self._interval_s = interval_s

    @contextmanager
    def over(self, target: Target) -> Iterator[None]:
        """Sample a container, which may not have been started yet, while the block lasts."""
        if self._open_meter is None:
            yield
            return
        ended = threading.Event()
        thread = threading.Thread(
            target=self._sample, args=(self._open_meter, target, ended), name="GPUs", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_PATIENCE_S)
            if thread.is_alive():
                self.warnings = ("its use of GPUs is not known: the driver does not answer",)

    def _sample(self, open_meter: OpenGpuMeter, target: Target, ended: threading.Event) -> None:
        tally = _Tally()
        devices: tuple[GpuDevice, ...] = ()
        try:
            with open_meter(target, self._clock) as meter:
                while True:
                    is_last = ended.wait(self._interval_s if tally.samples else 0)
                    tally.add(meter.read())
                    devices = meter.devices
                    if is_last:
                        break
        except CpostError as error:
            told = "; ".join(filter(None, (str(error), error.hint)))
            how = "not measured to its end" if tally.samples else "not measured"
            self.warnings = (f"its use of GPUs was {how}: {told}",)
            if not devices:
                return  # it may have used one later
        self.use = tally.use(devices)


def gpu_watch(
    spec: ContainerSpec, engine: Engine, open_meter: OpenGpuMeter | None, clock: Clock
) -> GpuWatch:
    """Return what watches a container: idle unless it was given a GPU of this very machine."""
    given = spec.gpus > 0 and engine.info().gpu_runtime and engine.info().local
    return GpuWatch(open_meter if given else None, clock)


class _Tally:
    """Readings added up."""

    def __init__(self) -> None:
        self.samples = 0
        self._memory_bytes: int | None = None
        self._most_percent: int | None = None
        self._percent_ns = 0
        self._told_ns = 0
        self._last_ns: int | None = None

    def add(self, reading: GpuReading) -> None:
        self.samples += 1
        self._memory_bytes = _larger(self._memory_bytes, reading.memory_bytes)
        if reading.utilisation_percent is not None and self._last_ns is not None:
            lasted_ns = reading.at_ns - self._last_ns
            self._most_percent = _larger(self._most_percent, reading.utilisation_percent)
            self._percent_ns += reading.utilisation_percent * lasted_ns
            self._told_ns += lasted_ns
        self._last_ns = reading.at_ns

    def use(self, devices: tuple[GpuDevice, ...]) -> GpuUse:
        sizes = [one.memory_bytes for one in devices if one.memory_bytes is not None]
        return GpuUse(
            devices=tuple(one.name for one in devices),
            memory_total_bytes=sum(sizes) if sizes and len(sizes) == len(devices) else None,
            memory_peak_bytes=self._memory_bytes,
            utilisation_average_percent=(
                round(self._percent_ns / self._told_ns) if self._told_ns else None
            ),
            utilisation_maximum_percent=self._most_percent,
            samples=self.samples,
        )


def _larger(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)
