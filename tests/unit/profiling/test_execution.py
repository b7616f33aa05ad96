"""One operator executed once, with a fake engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from profiling_examples import FakeEngine, FakeReader, Told, operator

from cpost.engine.port import ContainerSpec
from cpost.errors import MeasureError
from cpost.meter.clock import SystemClock
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
            engine, lambda _: reader or FakeReader(), SystemClock(), 10_000_000, None
        )
        settings = Settings(operator("a").name, "image", "/payload", 0.01, "Fake")
        with RunRecording(tmp_path / "run", "a", 1, settings, 1000) as recording:
            return execute(SPEC, conditions, recording, lambda *_: None, observer or Told(), beside)

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
