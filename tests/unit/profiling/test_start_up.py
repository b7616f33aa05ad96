"""What starting a container costs, with a fake engine: measured, or left alone without harm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from profiling_examples import FakeEngine, FakeReader, ended

from cpost.engine.port import EmptyImage, StartFailedError, StartTimeoutError
from cpost.errors import EngineError, EngineLostError, InterruptedByUserError
from cpost.meter.clock import SystemClock
from cpost.meter.sample import Rung
from cpost.profiling.execution import Conditions
from cpost.profiling.start_up import measure_start_up
from cpost.record.run import StartUp

EMPTY = EmptyImage("sha256:1", "/end")


def measured(engine: FakeEngine, reader: FakeReader | None = None) -> StartUp:
    conditions = Conditions(
        engine, lambda *_: reader or FakeReader(), SystemClock(), 10_000_000, None
    )
    return measure_start_up(conditions, "s1")


def test_it_is_what_a_program_used_that_does_nothing() -> None:
    engine = FakeEngine(empty=EMPTY)
    assert measured(engine) == StartUp(cpu_usec=5, memory_peak_bytes=6)
    (spec,) = engine.specs
    assert (spec.image, spec.entrypoint, spec.network) == ("sha256:1", ("/end",), "cpost_net")
    assert spec.labels == {"cpost.session": "s1"}
    assert engine.log == ["make start-up", "remove start-up"]


def test_an_engine_without_such_an_image_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    engine = FakeEngine(empty=None)
    assert measured(engine) == StartUp()
    assert engine.log == []
    assert "what starting a container costs is not known" in caplog.text


def test_what_cannot_be_read_exactly_is_not_measured() -> None:
    reader = FakeReader()
    reader.rung = Rung.CONTAINER_CGROUP_V1
    assert measured(FakeEngine(empty=EMPTY), reader) == StartUp()


def test_a_program_that_did_not_end_well_tells_nothing() -> None:
    engine = FakeEngine({"start-up": lambda _: ended(139)}, empty=EMPTY)
    assert measured(engine) == StartUp()


@pytest.mark.parametrize(
    "error",
    [
        EngineError("refused"),
        EngineLostError("silence"),
        StartFailedError("exec format error"),
        StartTimeoutError("silence"),
    ],
)
def test_an_engine_that_refuses_does_no_harm(error: Exception) -> None:
    def refuse() -> None:
        raise error

    engine = FakeEngine(start=refuse, empty=EMPTY)
    assert measured(engine) == StartUp()
    assert engine.log[-1] == "remove start-up"


def test_an_image_that_the_engine_does_not_take_does_no_harm() -> None:
    @dataclass
    class Unwilling(FakeEngine):
        @contextmanager
        def empty_image(self) -> Iterator[Any]:
            raise EngineError("no room")
            yield

    assert measured(Unwilling()) == StartUp()


def test_an_interrupt_is_passed_on() -> None:
    def interrupt() -> None:
        raise InterruptedByUserError(2)

    engine = FakeEngine(start=interrupt, empty=EMPTY)
    with pytest.raises(InterruptedByUserError):
        measured(engine)
    assert engine.log[-1] == "remove start-up"
