"""One operator executed once, with a fake engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from profiling_examples import FakeEngine, FakeReader, Told, operator

from cpost.engine.port import ContainerSpec
from cpost.errors import InterruptedByUserError, MeasureError
from cpost.interrupt import interruptible
from cpost.meter.clock import SystemClock
from cpost.meter.sample import Sample, Totals
from cpost.profiling.execution import Conditions, Execution, execute
from cpost.record.recording import RunRecording
from cpost.record.run import RunState, Settings

SPEC = ContainerSpec("cpost-1", "image", labels={"cpost.operator": "a"})


@pytest.fixture
def execution(tmp_path: Path) -> Callable[..., Execution]:
    def run(
        engine: FakeEngine,
        *beside: AbstractContextManager[object],
        reader: FakeReader | None = None,
        observer: Told | None = None,
    ) -> Execution:
        conditions = Conditions(
            engine, lambda *_: reader or FakeReader(), SystemClock(), 10_000_000, None
        )
        settings = Settings(operator("a").name, "image", "/payload", 0.01, "Fake")
        with RunRecording(tmp_path / "run", "a", 1, settings, 1000) as recording:
            told = observer or Told()
            return execute(SPEC, conditions, recording, lambda *_: None, told, lambda _: beside)

    return run


def test_what_is_measured_beside_an_operator_lasts_from_its_start_to_its_end(
    execution: Callable[..., Execution],
) -> None:
    engine = FakeEngine(start=lambda: engine.log.append("start a"))

    @contextmanager
    def beside() -> Iterator[None]:
        engine.log.append("begin")
        yield
        engine.log.append("end")

    execution(engine, beside())
    assert engine.log == ["make a", "begin", "start a", "end", "remove a"]


def test_an_interrupt_right_after_the_start_takes_nothing_from_the_totals(
    execution: Callable[..., Execution],
) -> None:
    class Impatient(Told):
        def container_started(self, container_id: str) -> None:
            raise InterruptedByUserError(2)

    ended = execution(FakeEngine(), observer=Impatient())
    assert isinstance(ended.fatal, InterruptedByUserError)
    assert ended.result.reason == "interrupted by SIGINT"
    assert ended.result.totals.cpu_usage_usec == 5
    assert ended.result.container_id == "c1"


def test_a_signal_while_the_container_is_started_waits_until_it_can_be_measured(
    execution: Callable[..., Execution],
) -> None:
    engine = FakeEngine(start=lambda: os.kill(os.getpid(), signal.SIGINT))
    with interruptible():
        ended = execution(engine)
    assert isinstance(ended.fatal, InterruptedByUserError)
    assert ended.result.totals.cpu_usage_usec == 5
    assert engine.log == ["make a", "remove a"]


def test_a_signal_while_the_end_is_looked_at_takes_nothing_from_the_result(
    execution: Callable[..., Execution],
) -> None:
    class Interrupted(FakeReader):
        def totals(self) -> Totals:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().totals()

    with interruptible():
        ended = execution(FakeEngine(), reader=Interrupted())
    assert isinstance(ended.fatal, InterruptedByUserError)
    assert ended.result.state is RunState.PASS
    assert ended.result.totals.cpu_usage_usec == 5


def test_counters_that_cannot_be_read_any_more_end_the_run_with_what_was_read(
    execution: Callable[..., Execution],
) -> None:
    class Failing(FakeReader):
        def sample(self) -> Sample:
            raise MeasureError("memory.stat: no key anon")

    ended = execution(FakeEngine(), reader=Failing())
    assert isinstance(ended.fatal, MeasureError)
    assert (ended.result.state, ended.result.reason) == (RunState.ERROR, "not measured to its end")
    assert ended.result.totals.cpu_usage_usec == 5


def test_totals_that_cannot_be_read_are_not_known(execution: Callable[..., Execution]) -> None:
    class Failing(FakeReader):
        def totals(self) -> Totals:
            raise MeasureError("memory.stat: no key anon")

    ended = execution(FakeEngine(), reader=Failing())
    assert ended.result.state is RunState.PASS
    assert ended.result.totals == Totals()


def test_the_engines_own_flag_is_kept_beside_the_verdict(
    execution: Callable[..., Execution],
) -> None:
    class Counting(FakeReader):
        def totals(self) -> Totals:
            return Totals(oom_kills=1)

    ended = execution(FakeEngine(), reader=Counting())
    assert ended.result.oom_killed is True
    assert ended.result.engine_oom_killed is False


def test_trouble_beside_an_operator_takes_nothing_from_what_was_measured_of_it(
    execution: Callable[..., Execution],
) -> None:
    @contextmanager
    def beside() -> Iterator[None]:
        yield
        raise MeasureError("no luck")

    result = execution(FakeEngine(), beside()).result
    assert result.state is RunState.PASS
    assert result.totals.cpu_usage_usec == 5
    assert "no luck" in result.warnings
