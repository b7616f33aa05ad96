"""What starting a container costs here, measured with a program that does nothing."""

from __future__ import annotations

import logging

from cpost.engine.owner import SESSION_LABEL
from cpost.engine.port import (
    Container,
    ContainerSpec,
    EmptyImage,
    StartFailedError,
    StartTimeoutError,
)
from cpost.errors import EngineError, ImageError, MeasureError
from cpost.profiling.execution import Conditions
from cpost.profiling.waiting import Waiter, time_limit
from cpost.record.run import StartUp

_log = logging.getLogger(__name__)

_LIMIT_S = 2.0  # as a rule it takes some tenths of a second

_REFUSALS = (EngineError, ImageError, MeasureError, StartFailedError, StartTimeoutError)


def measure_start_up(conditions: Conditions, session_id: str) -> StartUp:
    """Execute a program that does nothing as an operator is executed; return what that used.

    None in its fields where this cannot be measured exactly; a session never fails of it, and
    never waits for it longer than some seconds.
    """
    try:
        with conditions.engine.empty_image() as image:
            if image is None:
                raise MeasureError("no program that does nothing can be measured exactly here")
            return _measured(image, conditions, session_id)
    except _REFUSALS as error:
        _log.debug("what starting a container costs is not known: %s", error)
        return StartUp()


def _measured(image: EmptyImage, conditions: Conditions, session_id: str) -> StartUp:
    spec = ContainerSpec(
        name=f"cpost-{session_id}-000-start-up",
        image=image.reference,
        entrypoint=(image.program,),
        network=conditions.engine.network,
        labels={SESSION_LABEL: session_id},
    )
    with (
        conditions.engine.container(spec, lambda *_: None) as container,
        conditions.expect(container.expected) as early,
    ):
        target = container.start(min(_LIMIT_S, conditions.start_timeout_s))
        with conditions.attach(target, early) as reader:
            exit_code = _exit_code(container)
            totals = reader.totals()
    if exit_code != 0:
        raise MeasureError(f"a program that does nothing ended with exit code {exit_code}")
    if not reader.rung.exact_totals:
        raise MeasureError(f"no exact counting: {reader.rung.value}")
    return StartUp(totals.cpu_usage_usec, totals.memory_peak_bytes)


def _exit_code(container: Container) -> int:
    """Wait until it has ended, by itself or because its time is over; EngineError."""
    waiter = Waiter(container)
    with time_limit(container, _LIMIT_S):
        if not waiter.ended.wait(2 * _LIMIT_S):
            raise EngineError("a program that does nothing does not end")
    return waiter.result().exit_code
