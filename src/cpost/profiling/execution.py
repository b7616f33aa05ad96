"""One operator executed once: made, started, sampled, waited for, judged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace

from cpost.engine.port import (
    Container,
    ContainerExit,
    ContainerSpec,
    Engine,
    LogSink,
    StartFailedError,
    StartTimeoutError,
)
from cpost.errors import (
    CpostError,
    EngineError,
    EngineLostError,
    ImageError,
    InterruptedByUserError,
    MeasureError,
)
from cpost.interrupt import shielded
from cpost.meter.early_cgroup import EarlyCgroup, nothing_expected
from cpost.meter.gpu import OpenGpuMeter
from cpost.meter.lateness import Lateness
from cpost.meter.port import Clock, Reader
from cpost.meter.sample import Totals
from cpost.meter.sampler import samples
from cpost.meter.target import Target
from cpost.profiling.observer import Observer
from cpost.profiling.outcome import meaning, outcome
from cpost.profiling.waiting import Waiter, time_limit
from cpost.record.recording import RunRecording
from cpost.record.run import RunResult, RunState

_log = logging.getLogger(__name__)

START_TIMEOUT_S = 15.0
_TERMINATED = -15  # the original's exit code where a start was not confirmed


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all runs of a session are executed and measured with.

    ``expect`` watches for the cgroup of a container that is about to be started; ``attach`` gives
    the best meter there is for one that was started, by what was opened early if anything was.
    ``lateness`` counts how late their samples were, all runs together. ``open_gpu_meter`` is asked
    for containers that were given a GPU; None: GPUs are not measured.
    """

    engine: Engine
    attach: Callable[[Target, EarlyCgroup | None], Reader]
    clock: Clock
    interval_ns: int
    timeout_s: float | None
    start_timeout_s: float = START_TIMEOUT_S
    lateness: Lateness = field(default_factory=Lateness)
    expect: Callable[[Target], AbstractContextManager[EarlyCgroup | None]] = nothing_expected
    open_gpu_meter: OpenGpuMeter | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """How it ended, and what keeps every further operator from being executed, if anything."""

    result: RunResult
    fatal: CpostError | None = None


def execute(
    spec: ContainerSpec,
    conditions: Conditions,
    recording: RunRecording,
    sink: LogSink,
    observer: Observer,
    beside: Callable[[Target], Sequence[AbstractContextManager[object]]] = lambda _: (),
) -> Execution:
    """Execute one operator; samples go into ``recording`` and output to ``sink`` as they come.

    An operator that fails is a result, and so are an engine that fails and an interrupt: whatever
    was measured until then is in it. What is measured ``beside`` the operator is made by what is
    known of its container, entered just before its start and left when it has ended; it keeps its
    own results.
    """
    began_ns = conditions.clock.wall_ns()
    kept = _Kept()
    try:
        with conditions.engine.container(spec, sink) as container, ExitStack() as entered:
            for one in beside(container.expected):
                entered.enter_context(one)
            execution = _observe(container, conditions, recording, observer, kept)
    except StartTimeoutError as error:
        execution = Execution(
            RunResult(
                RunState.ERROR,
                exit_code=_TERMINATED,
                reason=f"start not confirmed in {conditions.start_timeout_s:g} s",
                advice=f"see what the engine did: cpost -v …; {error.hint or ''}".rstrip("; "),
            )
        )
    except StartFailedError as error:
        code = error.container_exit_code
        execution = Execution(
            RunResult(
                RunState.ERROR,
                exit_code=code,
                reason=f"exit {code}",
                advice="; ".join(filter(None, (str(error), error.hint or meaning(code)))),
            )
        )
    except InterruptedByUserError as error:
        # One that comes while a container is unmade takes nothing from what was measured of it.
        ended = kept.execution or Execution(RunResult(RunState.ERROR, reason=str(error)))
        execution = replace(ended, fatal=error)
    except (EngineError, ImageError, MeasureError) as error:
        execution = _after_trouble(error, kept.execution)
    if execution.result.started_wall_ns is None:
        execution = replace(execution, result=replace(execution.result, started_wall_ns=began_ns))
    return execution


@dataclass(slots=True)
class _Kept:
    """How an operator ended, from the moment that is known, whatever comes after it."""

    execution: Execution | None = None


def _after_trouble(error: CpostError, ended: Execution | None) -> Execution:
    """Return what an error makes of a run; ``ended`` is None if it came before the run's end."""
    # An engine that refused this one operator may well execute the next.
    fatal = None if type(error) is EngineError else error
    if ended is None:
        return Execution(RunResult(RunState.ERROR, reason="not executed", advice=str(error)), fatal)
    result = replace(ended.result, warnings=(*ended.result.warnings, str(error)))
    return Execution(result, ended.fatal or fatal)


def _observe(
    container: Container,
    conditions: Conditions,
    recording: RunRecording,
    observer: Observer,
    kept: _Kept,
) -> Execution:
    """Start it, sample it until it has ended, return and keep how it did, even if interrupted."""
    clock = conditions.clock
    reader = None
    trouble: InterruptedByUserError | MeasureError | None = None
    with ExitStack() as opened:
        try:
            with shielded():  # what was started is measured, however early an interrupt comes
                early = opened.enter_context(conditions.expect(container.expected))
                target = container.start(conditions.start_timeout_s)
                began_ns = clock.monotonic_ns()
                reader = opened.enter_context(conditions.attach(target, early))
            observer.container_started(container.id)
            waiter = Waiter(container)
            with time_limit(container, conditions.timeout_s) as expired:
                for sample in samples(
                    reader, clock, conditions.interval_ns, waiter.ended, conditions.lateness.add
                ):
                    recording.append(sample)
                    observer.sampled(sample)
        except (InterruptedByUserError, MeasureError) as error:
            if reader is None:
                raise
            trouble = error
        with shielded():
            measured = RunResult(
                RunState.ERROR,
                duration_ns=clock.monotonic_ns() - began_ns,
                rung=reader.rung,
                totals=_last_totals(reader),
                container_id=container.id,
                warnings=reader.notes,
            )
            if trouble is None:
                timed_out_after_s = conditions.timeout_s if expired.is_set() else None
                ended = _judged(measured, waiter, timed_out_after_s)
            elif isinstance(trouble, MeasureError):
                broken = replace(measured, reason="not measured to its end", advice=str(trouble))
                ended = Execution(broken, fatal=trouble)
            else:
                ended = Execution(replace(measured, reason=str(trouble)), fatal=trouble)
            kept.execution = ended
    return ended


def _judged(measured: RunResult, waiter: Waiter, timed_out_after_s: float | None) -> Execution:
    """Return how a container ended for which ``waiter`` need not wait any more."""
    try:
        exit_ = waiter.result()
    except EngineLostError as error:
        lost = replace(measured, reason="the engine went away", advice=str(error))
        return Execution(lost, fatal=error)
    except EngineError as error:
        return Execution(replace(measured, reason="lost", advice=str(error)))
    end = outcome(exit_, measured.totals, measured.rung, timed_out_after_s)
    return Execution(
        replace(
            measured,
            state=end.state,
            exit_code=exit_.exit_code,
            oom_killed=end.oom_killed,
            engine_oom_killed=exit_.oom_killed,
            reason=end.reason,
            advice=end.advice,
            started_wall_ns=exit_.started_ns,
            duration_ns=_exact_duration_ns(exit_) or measured.duration_ns,
        )
    )


def _last_totals(reader: Reader) -> Totals:
    """Return the totals, all None where they cannot be read any more."""
    try:
        return reader.totals()
    except MeasureError as error:
        _log.debug("no totals: %s", error)
        return Totals()


def _exact_duration_ns(exit_: ContainerExit) -> int | None:
    """Return how long it executed by the engine's own stamps, which know its very end."""
    if exit_.started_ns is None or exit_.finished_ns is None:
        return None
    return max(0, exit_.finished_ns - exit_.started_ns) or None
