from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from profiling_examples import FakeEngine, FakeGpuMeter, GpuEngine, ended

from cpost.engine.port import (
    ContainerExit,
    ContainerSpec,
    HttpAnswer,
    HttpQuestion,
    ImageInfo,
    LogSink,
)
from cpost.errors import TritonError
from cpost.meter.clock import SystemClock
from cpost.meter.gpu import GpuReading
from cpost.meter.sample import Rung, Sample, Totals
from cpost.meter.target import Target
from cpost.pipeline.model import ContainerImage, HttpConnection, Operator, Service
from cpost.profiling.beside import Servers
from cpost.profiling.execution import Conditions, Execution
from cpost.record.recording import RunRecording
from cpost.record.run import RunResult, RunState, Settings
from cpost.triton.servers import TritonOptions


@dataclass
class FakeServer:
    """Listens if ``listens``; loads any model but ``broken``."""

    name: str
    log: list[str]
    listens: bool
    exit: ContainerExit | None = None
    id: str = "s1"
    address: str = "10.0.0.2"
    expected: Target = field(default_factory=lambda: Target(pid=None))

    def start(self, timeout_s: float) -> Target:
        del timeout_s
        return self.expected

    def wait(self) -> ContainerExit:
        raise AssertionError("servers are not waited for")

    def kill(self) -> None:
        raise AssertionError("servers are removed")

    def ended(self) -> ContainerExit | None:
        return self.exit

    def answers(self, port: int, timeout_s: float) -> bool:
        del port, timeout_s
        return self.listens

    def ask(self, port: int, question: HttpQuestion, timeout_s: float) -> HttpAnswer:
        del port, timeout_s
        if question.method == "GET":
            return HttpAnswer(200, b"")
        self.log.append("/".join(question.path.split("/")[-2:]))
        return HttpAnswer(400 if "broken" in question.path else 200, b'{"error": "no weights"}')


class ServingEngine(FakeEngine):
    """Its servers are ``FakeServer``s; ``servers`` holds those that were made."""

    listens = True

    @contextmanager
    def server(self, spec: ContainerSpec, sink: LogSink) -> Iterator[FakeServer]:
        name = spec.labels["cpost.sidecar"]
        self.log.append(f"up {name}")
        sink("stderr", b"warming up\n")
        self.servers = [*getattr(self, "servers", []), FakeServer(name, self.log, self.listens)]
        try:
            yield self.servers[-1]
        finally:
            self.log.append(f"down {name}")


class QuietReader:
    """A server that uses nothing."""

    rung = Rung.PARENT_CGROUP_V2
    notes = ()

    def __init__(self) -> None:
        self._at_ns = 0

    def sample(self) -> Sample:
        self._at_ns += 1
        return Sample(self._at_ns, self._at_ns, 0, 4)

    def totals(self) -> Totals:
        return Totals()

    def __enter__(self) -> QuietReader:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def using(name: str, *services: str, models: tuple[str, ...] = ()) -> Operator:
    made = tuple(
        Service(one, ContainerImage(one), http=(HttpConnection(f"URI_{one}", 80),))
        for one in services
    )
    return Operator(name, ContainerImage("image"), services=made, models=models)


@pytest.fixture
def servers(tmp_path: Path) -> Callable[..., Servers]:
    def make(
        engine: ServingEngine, *operators: Operator, gpu_meter: FakeGpuMeter | None = None
    ) -> Servers:
        conditions = Conditions(
            engine,  # type: ignore[arg-type]
            lambda *_: QuietReader(),
            SystemClock(),
            10_000_000,
            None,
            open_gpu_meter=gpu_meter.open if gpu_meter is not None else None,
        )
        images = {one: ImageInfo(one, "id", None, "amd64") for one in ("t:1", "a:latest")}
        images["b:latest"] = images["a:latest"]
        return Servers(
            operators,
            TritonOptions(tmp_path, "t:1", timeout_s=0.3),
            conditions,
            images,
            session_id="s",
            volumes_dir=tmp_path,
            progress=lambda _: None,
        )

    return make


def test_operators_that_follow_one_another_share_a_service(
    servers: Callable[..., Servers],
) -> None:
    engine = ServingEngine()
    operators = (using("1", "a"), using("2", "a", "b"), using("3"), using("4", "a"))
    with servers(engine, *operators) as all_of_them:
        for index in (1, 2, 3, 4):
            all_of_them.ready_for(index)
    assert engine.log == ["up a", "up b", "down a", "down b", "up a", "down a"]


def test_one_triton_stays_for_all_and_holds_each_operators_models(
    servers: Callable[..., Servers],
) -> None:
    engine = ServingEngine()
    operators = (using("1", models=("m", "n")), using("2"), using("3", models=("n",)))
    with servers(engine, *operators) as all_of_them:
        beside = all_of_them.ready_for(1)
        assert all_of_them.ready_for(2).sidecars == ()
        all_of_them.ready_for(3)
    assert engine.log == [
        "up tritonserver",
        "m/load",
        "n/load",
        "m/unload",
        "down tritonserver",
    ]
    told = beside.told_to(ContainerSpec("o", "image", environment={"A": "1"}))
    assert told.environment["NVIDIA_TRITON_GRPCURI"] == "10.0.0.2:8001"
    assert told.environment["A"] == "1"


def test_a_server_that_never_gets_ready_is_waited_for_once(
    servers: Callable[..., Servers],
) -> None:
    engine = ServingEngine()
    engine.listens = False
    with servers(engine, using("1", "a"), using("2", "a")) as all_of_them:
        with pytest.raises(TritonError, match=r"not ready within 0\.3 s(.|\n)*warming up"):
            all_of_them.ready_for(1)
        with pytest.raises(TritonError, match="is not tried again"):
            all_of_them.ready_for(2)
    assert engine.log == ["up a", "down a"]


def test_a_model_that_fails_leaves_the_server_to_the_next(
    servers: Callable[..., Servers],
) -> None:
    engine = ServingEngine()
    operators = (using("1", models=("broken",)), using("2", models=("m",)))
    with servers(engine, *operators) as all_of_them:
        with pytest.raises(TritonError, match="no weights"):
            all_of_them.ready_for(1)
        all_of_them.ready_for(2)
    assert engine.log == ["up tritonserver", "broken/load", "m/load", "down tritonserver"]


def test_a_server_that_ended_takes_the_blame_and_is_started_anew(
    servers: Callable[..., Servers],
) -> None:
    engine = ServingEngine()
    failed = Execution(RunResult(RunState.FAIL, exit_code=7, reason="exit 7"))
    with servers(engine, using("1", "a"), using("2", "a")) as all_of_them:
        beside = all_of_them.ready_for(1)
        assert beside.judged(failed) is failed
        engine.servers[0].exit = ended(137)
        blamed = beside.judged(failed).result
        passed = replace(failed, result=RunResult(RunState.PASS, exit_code=0))
        assert beside.judged(passed).result.state is RunState.PASS
        assert "137" in beside.judged(passed).result.warnings[0]
        all_of_them.ready_for(2)
    assert blamed.state is RunState.ERROR
    assert blamed.reason == "its server a ended: exit 137 (SIGKILL)"
    assert "warming up" in blamed.advice
    assert engine.log == ["up a", "down a", "up a", "down a"]


class ServingGpuEngine(ServingEngine, GpuEngine):
    pass


@pytest.mark.parametrize(
    ("engine", "devices"), [(ServingGpuEngine(), ("NVIDIA T4",)), (ServingEngine(), None)]
)
def test_what_a_server_uses_of_its_gpu_is_kept(
    servers: Callable[..., Servers],
    tmp_path: Path,
    engine: ServingEngine,
    devices: tuple[str, ...] | None,
) -> None:
    meter = FakeGpuMeter([GpuReading(1, 5, 0)])
    settings = Settings("1", "image", "/payload", 0.01, "Fake")
    with (
        servers(engine, using("1", models=("m",)), gpu_meter=meter) as all_of_them,
        RunRecording(tmp_path / "run", "1", 1, settings, 1000) as recording,
    ):
        (measured,) = all_of_them.ready_for(1).measured(recording)
        with measured:
            pass
        (sidecar,) = recording.finish(RunResult(RunState.PASS)).sidecars
    used = sidecar.facts.gpu
    assert (used.devices if used else None) == devices
