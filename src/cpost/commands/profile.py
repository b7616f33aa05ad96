"""The main job: execute a pipeline, measure every operator, print what to request."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_hex
from typing import Any

from cpost.commands.asking import Asking
from cpost.commands.checks import (
    check_keep_outputs,
    check_payload,
    check_result_file,
    check_triton,
    prepared_folder,
)
from cpost.commands.engines import open_engine
from cpost.commands.profile_options import ProfileOptions, add_arguments
from cpost.engine.port import Engine, ImageInfo
from cpost.errors import CpostError, OperatorFailedError, RecordError
from cpost.interrupt import shielded
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import cgroup_host
from cpost.meter.clock import SystemClock
from cpost.meter.early_cgroup import expect
from cpost.meter.nvml import nvml_meter
from cpost.pipeline.model import Pipeline
from cpost.pipeline.reader import read_pipeline
from cpost.profiling.execution import Conditions
from cpost.profiling.observer import Observers
from cpost.profiling.profiler import SessionResult, profile
from cpost.profiling.session import Order
from cpost.record.host import host_facts
from cpost.record.run import OwnUse, RunState
from cpost.record.session import SessionFacts, SessionRecord, default_record_dir
from cpost.reports.metrics_csv import MetricsCsv
from cpost.reports.narration import Narration
from cpost.reports.progress import Progress
from cpost.reports.result_json import RESULT_FILE, result_object, result_text, write_result
from cpost.reports.safe_stream import SafeStream
from cpost.units import NS_PER_SECOND

__all__ = ["add_arguments", "execute"]

_log = logging.getLogger(__name__)


def execute(arguments: argparse.Namespace) -> int:
    """Profile a pipeline; see ``profile_options`` for what ``arguments`` hold.

    Raises the error that the session ended with, once all that was measured has been told.
    """
    options = ProfileOptions.of(arguments)
    session_id = new_session_id()
    definition = read_pipeline(
        options.pipeline_path, options.parameters, job_id=session_id, strict=options.strict
    )
    for warning in definition.warnings:
        _log.warning("%s", warning)
    order = _order(options, session_id, definition.pipeline)
    with ExitStack() as open_things:
        telling = _Telling(options, open_things)
        host = cgroup_host()
        engine = open_things.enter_context(closing(open_engine(options.engine, host)))
        telling.narration.session_began()
        clock = SystemClock()
        result = profile(
            order,
            Conditions(
                engine=engine,
                attach=lambda target, early: attach(target, host, clock, early),
                expect=lambda target: expect(target, host, clock),
                clock=clock,
                interval_ns=round(options.interval_s * NS_PER_SECOND),
                timeout_s=options.timeout_s,
                start_timeout_s=options.start_timeout_s,
                open_gpu_meter=nvml_meter,
            ),
            lambda images: _record(options, order, engine, images),
            telling.observers,
            Asking.at_terminal(options.force),
            telling.progress.status,
        )
        with shielded():
            telling.session_ended(order, result.own_use)
    _raise_what_went_wrong(result, telling)
    return 0


def new_session_id() -> str:
    """Return a name for a session that sorts by time and that no other session has."""
    now = datetime.now(timezone.utc)
    return f"{now:%Y%m%d-%H%M%S}-{token_hex(2)}"


def _order(options: ProfileOptions, session_id: str, pipeline: Pipeline) -> Order:
    """Return what is to be done, once all that can be checked beforehand is in order."""
    check_triton(pipeline, options.triton)
    prepared_folder(_record_dir(options), "--record_dir")
    keep_outputs = prepared_folder(options.keep_outputs, "--keep_outputs")
    if keep_outputs is not None:
        check_keep_outputs(keep_outputs, pipeline)
    return Order(
        session_id=session_id,
        pipeline=pipeline,
        payload=check_payload(options.input_dir, pipeline),
        pull=options.pull,
        keep_outputs=keep_outputs,
        writable_input=options.writable_input,
        triton=options.triton,
        max_log_bytes=options.max_log_bytes,
        echo=_echo if options.verbose else None,
    )


def _echo(stream: str, data: bytes) -> None:
    """Show what an operator prints, on stderr whatever stream it was on: it is no result."""
    del stream
    sys.stderr.write(data.decode(errors="replace"))
    sys.stderr.flush()


def _record(
    options: ProfileOptions, order: Order, engine: Engine, images: Mapping[str, ImageInfo]
) -> SessionRecord:
    facts = SessionFacts(
        pipeline=order.pipeline.name,
        arguments=sys.argv[1:],
        config={
            "engine": {"name": engine.info().name, "version": engine.info().version},
            "payload": str(order.payload),
            "interval_s": options.interval_s,
            "timeout_s": options.timeout_s,
            "images": {one.reference: one.digest or one.id for one in images.values()},
        },
        host=host_facts(),
    )
    return SessionRecord.create(_record_dir(options), order.session_id, order.pipeline.text, facts)


def _record_dir(options: ProfileOptions) -> Path:
    return default_record_dir(options.record_dir, os.environ)


class _Telling:
    """Everything that wants to know how the session gets on, and where it prints."""

    def __init__(self, options: ProfileOptions, open_things: ExitStack) -> None:
        json_to_stdout = options.json_file == "-"
        check_result_file(options.json_file)
        metrics_dir = prepared_folder(options.metrics_dir, "--metrics_dir")
        self._options = options
        self._stdout = SafeStream(sys.stdout, "stdout")
        self._tables = SafeStream(sys.stderr, "stderr") if json_to_stdout else self._stdout
        self._metrics = open_things.enter_context(MetricsCsv(metrics_dir)) if metrics_dir else None
        self._json_failure: RecordError | None = None
        # With -v stderr is full of other lines, which a live line would be torn by.
        self.progress = open_things.enter_context(Progress(sys.stderr, enabled=not options.verbose))
        self.narration = Narration(self._tables, self._metrics)
        # The live line comes first, so that it is gone before anybody prints.
        told = (self.progress, self._metrics, self.narration)
        self.observers = Observers(one for one in told if one is not None)

    def session_ended(self, order: Order, own_use: OwnUse | None) -> None:
        """Print the table of all operators; keep the result, and tell it where it is wanted."""
        self.narration.session_ended(own_use)
        result = result_object(
            order.session_id,
            order.pipeline.name,
            host_facts(),
            self.narration.sized,
            own_use,
        )
        kept = _record_dir(self._options) / order.session_id / RESULT_FILE
        self._write(result, kept, "--record_dir DIR")
        if self._options.json_file == "-":
            self._stdout.write(result_text(result))
        elif self._options.json_file is not None:
            self._write(result, Path(self._options.json_file), "--json FILE")

    def _write(self, result: dict[str, Any], path: Path, option: str) -> None:
        try:
            write_result(result, path, option)
        except RecordError as error:
            self._json_failure = self._json_failure or error

    @property
    def failure(self) -> RecordError | None:
        """The first result that could not be told."""
        metrics = self._metrics.failure if self._metrics else None
        return metrics or self._stdout.failure or self._tables.failure or self._json_failure


def _raise_what_went_wrong(result: SessionResult, telling: _Telling) -> None:
    """Raise what a script must know; of several things the one that hides the others."""
    error: CpostError | None = result.stopped_by or result.not_kept or telling.failure
    if error is not None:
        raise error
    if result.unserved is not None and all(one.result.rung is None for one in result.runs):
        raise result.unserved  # nothing could be profiled
    failed = [run for run in result.runs if run.result.state in {RunState.FAIL, RunState.ERROR}]
    if not failed:
        return
    names = ", ".join(f"{run.operator} ({run.result.reason})" for run in failed)
    folder = failed[0].directory
    raise OperatorFailedError(
        f"{len(failed)} of {len(result.runs)} operators failed: {names}",
        hint=f"what it printed: {folder}/stderr.log" if folder else None,
    )
