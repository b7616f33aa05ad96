"""The runs of one session while they come into being, one operator after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cpost.engine.docker_command import docker_run_line
from cpost.engine.port import ContainerSpec, ImageInfo, LogSink, PullPolicy
from cpost.errors import CpostError, EngineError, ImageError, MeasureError, TritonError
from cpost.interrupt import shielded
from cpost.meter.target import Target
from cpost.pipeline.model import Operator, Pipeline
from cpost.pipeline.secrets import redacted
from cpost.profiling.beside import Beside, Servers, unserved
from cpost.profiling.execution import Conditions, Execution, execute
from cpost.profiling.gpu_watch import GpuWatch, gpu_watch
from cpost.profiling.host_watch import HostWatch
from cpost.profiling.observer import Observer
from cpost.profiling.outputs import Outputs
from cpost.profiling.specs import container_spec
from cpost.record.recording import RunRecording
from cpost.record.run import Run, RunResult, RunState, Settings, StartUp
from cpost.record.session import SessionRecord
from cpost.triton.servers import TritonOptions
from cpost.units import NS_PER_SECOND

_log = logging.getLogger(__name__)

Continue = Callable[[Run], bool]
"""Asked after an operator has failed: shall the next ones be executed?"""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be executed, and how, as it was ordered on the command line."""

    session_id: str
    pipeline: Pipeline
    payload: Path
    pull: PullPolicy
    keep_outputs: Path | None
    writable_input: bool
    max_log_bytes: int
    echo: LogSink | None = None  # is told of all that operators print, too
    triton: TritonOptions = field(default_factory=TritonOptions)


class Session:
    """Executes operators and holds what became of them.

    ``runs`` are those that ended, in order; ``stopped_by`` is what ended the session early.
    ``start_up`` is what starting a container costs, to be kept with every run. ``unserved`` is
    the first reason why an operator could not have its servers.
    """

    def __init__(
        self,
        order: Order,
        conditions: Conditions,
        record: SessionRecord,
        images: Mapping[str, ImageInfo],
        outputs: Outputs,
        servers: Servers,
        observer: Observer,
    ) -> None:
        """Execute nothing yet; ``images`` are at hand, by their reference."""
        self.runs: list[Run] = []
        self.stopped_by: CpostError | None = None
        self.start_up = StartUp()
        self.unserved: TritonError | None = None
        self._order = order
        self._conditions = conditions
        self._record = record
        self._images = images
        self._outputs = outputs
        self._servers = servers
        self._observer = observer

    @property
    def sample_count(self) -> int:
        """How many samples were taken and kept, all runs together."""
        return sum(run.sample_count for run in self.runs)

    def execute_all(self, operators: Sequence[Operator], go_on: Continue) -> None:
        """Execute one after the other until all are, or one fails and ``go_on`` says no."""
        for index, operator in enumerate(operators, 1):
            self._observer.run_began(operator.name, index, len(operators))
            run, self.stopped_by = self._execute(operator, index)
            if self.stopped_by is not None:
                return
            failed = run.result.state is not RunState.PASS
            if failed and index < len(operators) and not go_on(run):
                return

    def skip_rest(self, operators: Sequence[Operator]) -> None:
        """Add a run that says so for each operator that was not executed."""
        done = len(self.runs)
        for index, operator in enumerate(operators[done:], done + 1):
            result = RunResult(RunState.SKIPPED, reason="skipped")
            run = Run(operator.name, index, self._settings(operator), result, (), 0, None, "")
            self.runs.append(run)
            self._observer.run_ended(run)

    def _execute(self, operator: Operator, index: int) -> tuple[Run, CpostError | None]:
        spec, warnings = self._spec(operator, index)
        self._outputs.prepare(operator)
        settings = self._settings(operator)
        with self._record.begin(
            operator.name, index, settings, self._order.max_log_bytes
        ) as recording:
            sink = _both(recording.write_log, self._order.echo)
            host, gpu = HostWatch(), self._gpu_watch(spec)
            execution, beside = self._execute_beside_servers(
                spec, index, recording, sink, host, gpu
            )
            with shielded():  # an interrupt that comes now takes nothing from what was measured
                execution = beside.judged(execution)
                result = replace(
                    execution.result,
                    host_use=host.use,
                    start_up=self.start_up,
                    gpu=gpu.use,
                    warnings=(*execution.result.warnings, *gpu.warnings),
                )
                run = recording.finish(self._completed(result, operator, warnings))
                self.runs.append(run)
                self._observer.run_ended(run)
        return run, execution.fatal

    def _execute_beside_servers(
        self,
        spec: ContainerSpec,
        index: int,
        recording: RunRecording,
        sink: LogSink,
        host: HostWatch,
        gpu: GpuWatch,
    ) -> tuple[Execution, Beside]:
        """Execute one operator once all servers are up that it needs; or not, where one is not.

        Return how it ended, and the servers that stood beside it.
        """
        try:
            beside = self._servers.ready_for(index)
        except (TritonError, EngineError, ImageError, MeasureError) as error:
            if isinstance(error, TritonError):
                self.unserved = self.unserved or error
            return unserved(error), Beside()
        spec = beside.told_to(spec)
        shown = replace(spec, environment=redacted(spec.environment))
        _log.debug("the equivalent command:\n%s", docker_run_line(shown))
        watched = (host,) if self._conditions.engine.info().local else ()

        def measured(target: Target) -> Sequence[AbstractContextManager[object]]:
            return (*watched, gpu.over(target), *beside.measured(recording))

        execution = execute(spec, self._conditions, recording, sink, self._observer, measured)
        return execution, beside

    def _gpu_watch(self, spec: ContainerSpec) -> GpuWatch:
        conditions = self._conditions
        return gpu_watch(spec, conditions.engine, conditions.open_gpu_meter, conditions.clock)

    def _spec(self, operator: Operator, index: int) -> tuple[ContainerSpec, tuple[str, ...]]:
        """Return what is to be executed, and what must be said about it."""
        warnings = [
            f"its input comes from {name}, which failed: executed all the same"
            for name in dict.fromkeys(one.from_operator for one in operator.inputs)
            if name in self._failed()
        ]
        spec = container_spec(
            operator,
            session_id=self._order.session_id,
            index=index,
            payload=self._order.payload,
            outputs_dir=self._outputs.folder,
            writable_input=self._order.writable_input,
            network=self._conditions.engine.network,
        )
        if spec.gpus and not self._conditions.engine.info().gpu_runtime:
            spec = replace(spec, gpus=0)
            warnings.append(
                f"it requests {operator.requests.gpus} GPU, but this engine has no GPU runtime: "
                "executed without (sudo apt-get install nvidia-container-toolkit)"
            )
        return spec, tuple(warnings)

    def _failed(self) -> set[str]:
        return {run.operator for run in self.runs if run.result.state is not RunState.PASS}

    def _completed(
        self, result: RunResult, operator: Operator, warnings: tuple[str, ...]
    ) -> RunResult:
        image = self._images[operator.container.reference]
        return replace(
            result,
            image_id=image.id or None,
            image_digest=image.digest,
            warnings=warnings + result.warnings,
        )

    def _settings(self, operator: Operator) -> Settings:
        return Settings(
            operator=operator.name,
            image=operator.container.reference,
            payload=str(self._order.payload),
            interval_s=self._conditions.interval_ns / NS_PER_SECOND,
            engine=self._conditions.engine.info().name,
            command=operator.container.command,
            environment=redacted(operator.variables),
            timeout_s=self._conditions.timeout_s,
        )


def _both(first: LogSink, second: LogSink | None) -> LogSink:
    if second is None:
        return first

    def sink(stream: str, data: bytes) -> None:
        first(stream, data)
        second(stream, data)

    return sink
