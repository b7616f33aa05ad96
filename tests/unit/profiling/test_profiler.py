"""The main flow with a fake engine: what is executed, in which order, what is made of trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from profiling_examples import (
    FakeContainer,
    FakeEngine,
    FakeGpuMeter,
    FakeReader,
    GpuEngine,
    Told,
    ended,
    operator,
    passes,
)

from cpost.engine.owner import Owner
from cpost.engine.port import (
    ContainerExit,
    ContainerSpec,
    EmptyImage,
    EngineInfo,
    LogSink,
    PullPolicy,
    StartFailedError,
    StartTimeoutError,
)
from cpost.errors import (
    EngineError,
    EngineLostError,
    FolderUnseenError,
    ImageError,
    InterruptedByUserError,
    MeasureError,
)
from cpost.meter.clock import SystemClock
from cpost.meter.gpu import GpuMeter, GpuReading, OpenGpuMeter
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.meter.target import Target
from cpost.pipeline.model import Operator, Pipeline
from cpost.profiling.execution import Conditions
from cpost.profiling.profiler import SessionResult, profile
from cpost.profiling.session import Order
from cpost.record.host import host_facts
from cpost.record.reading import read_run, read_session
from cpost.record.run import HostUse, RunState, StartUp
from cpost.record.session import SessionFacts, SessionRecord


@pytest.fixture
def execute(tmp_path: Path) -> Callable[..., SessionResult]:
    def run(
        engine: FakeEngine,
        *operators: Operator,
        go_on: bool = True,
        observer: Told | None = None,
        start_timeout_s: float = 15,
        open_gpu_meter: OpenGpuMeter | None = None,
    ) -> SessionResult:
        pipeline = Pipeline("p", "0.4.0", operators, tmp_path / "p.yaml", "text")
        order = Order("s1", pipeline, tmp_path, PullPolicy.MISSING, None, False, 1 << 20)
        facts = SessionFacts("p", (), {}, host_facts())
        return profile(
            order,
            Conditions(
                engine,
                lambda *_: FakeReader(),
                SystemClock(),
                10_000_000,
                None,
                start_timeout_s,
                open_gpu_meter=open_gpu_meter,
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


def test_what_a_start_costs_is_measured_once_and_kept_with_every_run(
    execute: Callable[..., SessionResult],
) -> None:
    engine = FakeEngine(empty=EmptyImage("sha256:1", "/end"))
    result = execute(engine, operator("a"), operator("b"))
    assert [run.result.start_up for run in result.runs] == [StartUp(5, 6)] * 2
    assert engine.log.count("make start-up") == 1
    assert engine.log.index("remove start-up") < engine.log.index("make a")


def test_what_the_machine_did_meanwhile_is_kept(execute: Callable[..., SessionResult]) -> None:
    (run,) = execute(FakeEngine(), operator("a")).runs
    assert run.result.host_use.cpu_count is not None


def test_an_engine_elsewhere_says_nothing_of_its_machine(
    execute: Callable[..., SessionResult],
) -> None:
    class Remote(FakeEngine):
        def info(self) -> EngineInfo:
            return EngineInfo("Fake", "1", "elsewhere", local=False)

    (run,) = execute(Remote(), operator("a")).runs
    assert run.result.host_use == HostUse()


def test_what_cpost_itself_used_is_told_and_kept_even_of_an_interrupted_session(
    execute: Callable[..., SessionResult], tmp_path: Path
) -> None:
    class Impatient(Told):
        def sampled(self, sample: Sample) -> None:
            raise InterruptedByUserError(2)

    own_use = execute(FakeEngine(), operator("a"), observer=Impatient()).own_use
    assert own_use is not None
    assert own_use.samples == 1
    assert own_use.wall_ns > 0
    assert read_session(tmp_path / "record/s1").own_use == own_use


def test_all_missing_images_are_told_at_once_and_nothing_is_executed(
    execute: Callable[..., SessionResult], tmp_path: Path
) -> None:
    engine = FakeEngine(missing=frozenset({"image-of-a:latest", "image-of-c:latest"}))
    with pytest.raises(ImageError) as told:
        execute(engine, operator("a"), operator("b"), operator("c"))
    assert str(told.value) == "no image-of-a:latest\nno image-of-c:latest"
    assert engine.log == ["hold s1", "release"]
    assert not (tmp_path / "record").exists()


@pytest.mark.parametrize("unseen", [".", "record"])
def test_folders_that_the_engine_does_not_see_end_it_before_anything_is_executed(
    execute: Callable[..., SessionResult], tmp_path: Path, unseen: str
) -> None:
    engine = FakeEngine(unseen=frozenset({tmp_path / unseen}))
    with pytest.raises(FolderUnseenError, match="is not there"):
        execute(engine, operator("a"))
    assert engine.specs == []
    assert engine.log[-1] == "release"


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


def test_what_an_operator_uses_of_its_gpu_is_kept(execute: Callable[..., SessionResult]) -> None:
    meter = FakeGpuMeter([GpuReading(1, 5, 0)])
    (run,) = execute(GpuEngine(), operator("a", gpus=1), open_gpu_meter=meter.open).runs
    assert run.result.gpu is not None
    assert run.result.gpu.memory_peak_bytes == 5
    assert run.directory is not None
    assert read_run(run.directory).result.gpu == run.result.gpu


def test_a_gpu_that_cannot_be_measured_is_a_warning_and_others_are_not_asked_for(
    execute: Callable[..., SessionResult],
) -> None:
    asked = []

    @contextmanager
    def refuse(target: Target, clock: Clock) -> Iterator[GpuMeter]:
        del clock
        asked.append(target)
        raise MeasureError("no driver", hint="install it")
        yield

    operators = operator("a", gpus=1), operator("b", "a")
    with_gpu, without = execute(GpuEngine(), *operators, open_gpu_meter=refuse).runs
    assert with_gpu.result.state is RunState.PASS
    assert "its use of GPUs was not measured: no driver; install it" in with_gpu.result.warnings
    assert asked == [Target(pid=None)]
    assert (without.result.gpu, without.result.warnings) == (None, ("a note",))


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
        Conditions(SlowEngine(), lambda *_: FakeReader(), SystemClock(), 10_000_000, 0.05),
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
