"""A fake engine, reader and observer, and operators for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cpost.engine.port import (
    ContainerExit,
    ContainerSpec,
    EmptyImage,
    EngineInfo,
    ImageInfo,
    LogSink,
    PullPolicy,
)
from cpost.errors import FolderUnseenError, ImageError, MeasureError
from cpost.meter.gpu import GpuDevice, GpuReading
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.meter.target import Target
from cpost.pipeline.model import ContainerImage, Input, Operator, Output, Requests
from cpost.record.run import Run

T4 = GpuDevice("NVIDIA T4", 16_000_000_000)

Behaviour = Callable[[ContainerSpec], ContainerExit]


def passes(_: ContainerSpec) -> ContainerExit:
    return ended(0)


def ended(code: int) -> ContainerExit:
    return ContainerExit(code, oom_killed=False, started_ns=0, finished_ns=2_000_000_000)


@dataclass
class FakeEngine:
    """Executes nothing; ``behaviour`` says, by operator, how a container ends."""

    behaviour: Mapping[str, Behaviour] = field(default_factory=dict)
    start: Callable[[], None] = lambda: None
    missing: frozenset[str] = frozenset()
    unseen: frozenset[Path] = frozenset()
    log: list[str] = field(default_factory=list)
    specs: list[ContainerSpec] = field(default_factory=list)
    network: str | None = "cpost_net"
    empty: EmptyImage | None = None

    def info(self) -> EngineInfo:
        return EngineInfo("Fake", "1", "nowhere")

    def close(self) -> None:
        raise AssertionError("whoever opened it closes it")

    @contextmanager
    def exclusive(self, session_id: str) -> Iterator[None]:
        self.log.append(f"hold {session_id}")
        try:
            yield
        finally:
            self.log.append("release")

    def provide_image(
        self, reference: str, policy: PullPolicy, progress: Callable[[str], None]
    ) -> ImageInfo:
        progress(f"{policy.value} {reference}")
        if reference in self.missing:
            raise ImageError(f"no {reference}", hint=f"pull {reference}")
        return ImageInfo(reference, "id", "digest", "amd64")

    @contextmanager
    def empty_image(self) -> Iterator[EmptyImage | None]:
        yield self.empty

    @contextmanager
    def container(self, spec: ContainerSpec, sink: LogSink) -> Iterator[FakeContainer]:
        name = spec.labels.get("cpost.operator", "start-up")
        self.specs.append(spec)
        self.log.append(f"make {name}")
        sink("stdout", b"hello\n")
        try:
            yield FakeContainer(spec, self.behaviour.get(name, passes), self.start)
        finally:
            self.log.append(f"remove {name}")

    def require_folder(self, folder: Path, *, copy_will_do: bool) -> None:
        del copy_will_do
        if any(folder.is_relative_to(one) for one in self.unseen):
            raise FolderUnseenError(f"{folder} is not there")

    def remove_tree(self, folder: Path) -> None:
        self.log.append(f"clean {folder.name.partition('-')[0]}")


@dataclass
class FakeContainer:
    spec: ContainerSpec
    behaviour: Behaviour
    starting: Callable[[], None]
    id: str = "c1"

    @property
    def expected(self) -> Target:
        return Target(pid=None)

    def start(self, timeout_s: float) -> Target:
        assert timeout_s > 0
        self.starting()
        return Target(pid=None)

    def wait(self) -> ContainerExit:
        return self.behaviour(self.spec)

    def kill(self) -> None:
        raise AssertionError("nobody asked for this")


class FakeReader:
    rung = Rung.PARENT_CGROUP_V2
    notes = ("a note",)

    def sample(self) -> Sample:
        return Sample(at_ns=1, wall_ns=2, cpu_usage_usec=3, memory_bytes=4)

    def totals(self) -> Totals:
        return Totals(cpu_usage_usec=5, memory_peak_bytes=6)

    def __enter__(self) -> FakeReader:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class GpuEngine(FakeEngine):
    known = EngineInfo("Fake", "1", "here", gpu_runtime=True)

    def info(self) -> EngineInfo:
        return self.known


@dataclass
class FakeGpuMeter:
    """Opens itself; tells one reading after the other, and ``told`` when there are no more."""

    readings: list[GpuReading]
    devices: tuple[GpuDevice, ...] = (T4,)
    trouble: MeasureError | None = None
    told: threading.Event = field(default_factory=threading.Event)
    opened_for: list[Target] = field(default_factory=list)

    @contextmanager
    def open(self, target: Target, clock: Clock) -> Iterator[FakeGpuMeter]:
        del clock
        self.opened_for.append(target)
        yield self

    def read(self) -> GpuReading:
        if len(self.readings) > 1:
            return self.readings.pop(0)
        self.told.set()
        if self.trouble is not None:
            raise self.trouble
        return self.readings[0]


class Told:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def run_began(self, operator_name: str, index: int, count: int) -> None:
        self.words.append(f"{index}/{count} {operator_name}")

    def container_started(self, container_id: str) -> None:
        self.words.append(f"started {container_id}")

    def sampled(self, sample: Sample) -> None:
        assert sample.memory_bytes == 4

    def run_ended(self, run: Run) -> None:
        self.words.append(f"{run.operator} {run.result.state.value}")


def operator(name: str, *sources: str, gpus: int | None = None) -> Operator:
    return Operator(
        name=name,
        container=ContainerImage(f"image-of-{name}"),
        inputs=tuple(Input(f"/in-{one}", one) for one in sources),
        outputs=(Output("/output"),),
        requests=Requests(gpus=gpus),
    )
