"""The main flow with a fake engine: what is executed, in which order, what is made of trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cpost.engine.owner import Owner
from cpost.engine.port import (
    ContainerExit,
    ContainerSpec,
    EngineInfo,
    ImageInfo,
    LogSink,
    PullPolicy,
    StartFailedError,
    StartTimeoutError,
)
from cpost.errors import (
    EngineError,
    EngineLostError,
    ImageError,
    InterruptedByUserError,
)
from cpost.meter.clock import SystemClock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.meter.target import Target
from cpost.pipeline.model import ContainerImage, Input, Operator, Output, Pipeline, Requests
from cpost.profiling.execution import Conditions
from cpost.profiling.profiler import Order, SessionResult, profile
from cpost.record.host import host_facts
from cpost.record.run import Run, RunState
from cpost.record.session import SessionFacts, SessionRecord

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
    log: list[str] = field(default_factory=list)
    specs: list[ContainerSpec] = field(default_factory=list)
    network: str | None = "cpost_net"

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
    def container(self, spec: ContainerSpec, sink: LogSink) -> Iterator[FakeContainer]:
        name = spec.labels["cpost.operator"]
        self.specs.append(spec)
        self.log.append(f"make {name}")
        sink("stdout", b"hello\n")
        try:
            yield FakeContainer(spec, self.behaviour.get(name, passes), self.start)
        finally:
            self.log.append(f"remove {name}")

    def remove_tree(self, folder: Path) -> None:
        self.log.append(f"clean {folder.name.partition('-')[0]}")


@dataclass
class FakeContainer:
    spec: ContainerSpec
    behaviour: Behaviour
    starting: Callable[[], None]
    id: str = "c1"

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


@pytest.fixture
def execute(tmp_path: Path) -> Callable[..., SessionResult]:
    def run(
        engine: FakeEngine,
        *operators: Operator,
        go_on: bool = True,
        observer: Told | None = None,
        start_timeout_s: float = 15,
    ) -> SessionResult:
        pipeline = Pipeline("p", "0.4.0", operators, tmp_path / "p.yaml", "text")
        order = Order("s1", pipeline, tmp_path, PullPolicy.MISSING, None, False, 1 << 20)
        facts = SessionFacts("p", (), {}, host_facts())
        return profile(
            order,
            Conditions(
                engine, lambda _: FakeReader(), SystemClock(), 10_000_000, None, start_timeout_s
            ),
            lambda _: SessionRecord.create(tmp_path / "record", "s1", "text", facts),
            observer or Told(),
            lambda _: go_on,
            lambda _: None,
        )

    return run


def states(result: SessionResult) -> list[RunState]:
    return [run.result.state for run in result.runs]


def test_one_after_the_other_each_unmade_before_the_next_is_made(
    execute: Callable[..., SessionResult],
) -> None:
    engine, told = FakeEngine(), Told()
    result = execute(engine, operator("b", "a"), operator("a"), observer=told)
    assert engine.log == [
        "hold s1",
        "make a",
        "remove a",
        "make b",
        "remove b",
        "clean outputs",
        "release",
    ]
    assert told.words == ["1/2 a", "started c1", "a pass", "2/2 b", "started c1", "b pass"]
    assert states(result) == [RunState.PASS, RunState.PASS]


def test_a_result_tells_totals_rung_image_and_the_engines_own_duration(
    execute: Callable[..., SessionResult],
) -> None:
    (run,) = execute(FakeEngine(), operator("a")).runs
    assert run.result.totals == Totals(cpu_usage_usec=5, memory_peak_bytes=6)
    assert run.result.rung is Rung.PARENT_CGROUP_V2
    assert (run.result.image_id, run.result.image_digest) == ("id", "digest")
    assert run.result.duration_ns == 2_000_000_000
    assert "a note" in run.result.warnings
    assert run.sample_count >= 1


def test_all_missing_images_are_told_at_once_and_nothing_is_executed(
    execute: Callable[..., SessionResult], tmp_path: Path
) -> None:
    engine = FakeEngine(missing=frozenset({"image-of-a:latest", "image-of-c:latest"}))
    with pytest.raises(ImageError) as told:
        execute(engine, operator("a"), operator("b"), operator("c"))
    assert str(told.value) == "no image-of-a:latest\nno image-of-c:latest"
    assert engine.log == ["hold s1", "release"]
    assert not (tmp_path / "record").exists()


def test_after_a_failure_the_rest_is_skipped_unless_it_goes_on(
    execute: Callable[..., SessionResult],
) -> None:
    def engine() -> FakeEngine:
        return FakeEngine({"a": lambda _: ended(126)})

    stopped = execute(engine(), operator("a"), operator("b"), operator("c"), go_on=False)
    assert states(stopped) == [RunState.FAIL, RunState.SKIPPED, RunState.SKIPPED]


def test_going_on_says_which_input_comes_from_a_failed_operator(
    execute: Callable[..., SessionResult],
) -> None:
    engine = FakeEngine({"a": lambda _: ended(1)})
    result = execute(engine, operator("a"), operator("b", "a"), go_on=True)
    assert states(result) == [RunState.FAIL, RunState.PASS]
    assert any("from a, which failed" in one for one in result.runs[1].result.warnings)


def test_a_command_that_cannot_be_started_is_that_operators_failure(
    execute: Callable[..., SessionResult],
) -> None:
    def refuse() -> None:
        raise StartFailedError("no such file", container_exit_code=127)

    result = execute(FakeEngine(start=refuse), operator("a"))
    (run,) = result.runs
    assert (run.result.state, run.result.exit_code) == (RunState.ERROR, 127)
    assert run.result.reason == "exit 127"
    assert "no such file" in run.result.advice
    assert result.stopped_by is None


def test_a_start_that_is_not_confirmed_ends_as_the_original_did(
    execute: Callable[..., SessionResult],
) -> None:
    def hang() -> None:
        raise StartTimeoutError("silence")

    engine = FakeEngine(start=hang)
    (run,) = execute(engine, operator("a")).runs
    assert (run.result.exit_code, run.result.reason) == (-15, "start not confirmed in 15 s")
    assert "remove a" in engine.log


def test_an_engine_that_goes_away_ends_the_session_and_keeps_what_was_measured(
    execute: Callable[..., SessionResult],
) -> None:
    def vanish(_: ContainerSpec) -> ContainerExit:
        raise EngineLostError("gone")

    result = execute(FakeEngine({"a": vanish}), operator("a"), operator("b"))
    assert isinstance(result.stopped_by, EngineLostError)
    assert states(result) == [RunState.ERROR, RunState.SKIPPED]
    assert result.runs[0].result.totals.cpu_usage_usec == 5


def test_an_engine_that_refuses_one_operator_may_execute_the_next(
    execute: Callable[..., SessionResult],
) -> None:
    def refuse() -> None:
        raise EngineError("invalid mount")

    result = execute(FakeEngine(start=refuse), operator("a"))
    assert result.stopped_by is None
    assert result.runs[0].result.reason == "not executed"


def test_an_interrupt_ends_the_session_with_the_runs_so_far(
    execute: Callable[..., SessionResult],
) -> None:
    class Impatient(Told):
        def run_began(self, operator_name: str, index: int, count: int) -> None:
            super().run_began(operator_name, index, count)
            if index == 2:
                raise InterruptedByUserError(2)

    engine = FakeEngine()
    result = execute(engine, operator("a"), operator("b"), observer=Impatient())
    assert isinstance(result.stopped_by, InterruptedByUserError)
    assert states(result) == [RunState.PASS, RunState.SKIPPED]
    assert engine.log[-1] == "release"


def test_an_interrupted_operator_is_kept_with_what_was_measured_of_it(
    execute: Callable[..., SessionResult],
) -> None:
    class Impatient(Told):
        def sampled(self, sample: Sample) -> None:
            raise InterruptedByUserError(15)

    engine = FakeEngine()
    result = execute(engine, operator("a"), operator("b"), observer=Impatient())
    assert states(result) == [RunState.ERROR, RunState.SKIPPED]
    assert result.runs[0].result.reason == "interrupted by SIGTERM"
    assert result.runs[0].result.totals.memory_peak_bytes == 6
    assert engine.log[-3:] == ["remove a", "clean outputs", "release"]


def test_a_requested_gpu_that_the_engine_has_not_is_a_warning(
    execute: Callable[..., SessionResult],
) -> None:
    engine = FakeEngine()
    (run,) = execute(engine, operator("a", gpus=2)).runs
    assert engine.specs[0].gpus == 0
    assert any("2 GPU" in one for one in run.result.warnings)


def test_an_operator_over_its_time_is_killed(tmp_path: Path) -> None:
    killed = threading.Event()

    class Slow(FakeContainer):
        def wait(self) -> ContainerExit:
            assert killed.wait(10)
            return ended(137)

        def kill(self) -> None:
            killed.set()

    class SlowEngine(FakeEngine):
        @contextmanager
        def container(self, spec: ContainerSpec, _: LogSink) -> Iterator[FakeContainer]:
            yield Slow(spec, passes, self.start)

    pipeline = Pipeline("p", "0.4.0", (operator("a"),), tmp_path / "p.yaml", "text")
    order = Order("s1", pipeline, tmp_path, PullPolicy.MISSING, None, False, 1 << 20)
    facts = SessionFacts("p", (), {}, host_facts())
    result = profile(
        order,
        Conditions(SlowEngine(), lambda _: FakeReader(), SystemClock(), 10_000_000, 0.05),
        lambda _: SessionRecord.create(tmp_path / "record", "s1", "text", facts),
        Told(),
        lambda _: True,
        lambda _: None,
    )
    assert result.runs[0].result.reason == "timed out after 0.05 s"


def test_outputs_of_a_session_whose_cpost_was_killed_are_removed_and_no_others(
    execute: Callable[..., SessionResult], tmp_path: Path
) -> None:
    living = Owner.current("other")
    dead = replace(living, start_ticks=1)
    for owner in (living, dead):
        (tmp_path / f"record/{owner.start_ticks}/outputs-{owner.token}n").mkdir(parents=True)
    (tmp_path / "record/kept/outputs-of-mine").mkdir(parents=True)
    engine = FakeEngine()
    execute(engine, operator("a"))
    assert engine.log.count("clean outputs") == 2  # the dead one's, and its own
