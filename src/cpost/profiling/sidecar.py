"""One server that is up: started, waited for, given its models, measured, taken down."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cpost.engine.port import (
    ContainerSpec,
    ImageInfo,
    ServerContainer,
    StartFailedError,
    StartTimeoutError,
)
from cpost.errors import EngineError, MeasureError, TritonError
from cpost.meter.port import Reader
from cpost.profiling.charge import idleness, watched
from cpost.profiling.execution import Conditions
from cpost.profiling.gpu_watch import GpuWatch, gpu_watch
from cpost.profiling.log_tail import LogTail
from cpost.record.exit_code import signal_name
from cpost.record.recording import RunRecording
from cpost.record.sidecar import Idleness, ModelUse, SidecarFacts
from cpost.triton.client import TritonClient
from cpost.triton.metrics import ModelCounters, used_between
from cpost.triton.servers import Need, Server
from cpost.units import NS_PER_SECOND

_log = logging.getLogger(__name__)

_POLL_S = 0.1
_KNOCK_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A server's name, container and image before it is started."""

    server: Server
    spec: ContainerSpec
    image: ImageInfo


class Sidecar:
    """A server that was started; see ``started_sidecar``."""

    def __init__(
        self,
        standing: Standing,
        container: ServerContainer,
        reader: Reader,
        conditions: Conditions,
        tail: LogTail,
        timeout_s: float,
    ) -> None:
        """Take a container that was started, and what reads its counters."""
        self.server = standing.server
        self.address = container.address
        self._standing = standing
        self._container = container
        self._reader = reader
        self._conditions = conditions
        self._tail = tail
        self._timeout_s = timeout_s
        self._ready_after_ns: int | None = None
        self._models: list[str] = []
        self._idle: Idleness | None = None
        self._idle_is_known = False
        server = standing.server
        self._triton = (
            TritonClient(container.ask, server.http_port, server.metrics_port)
            if server.is_triton
            else None
        )

    def wait_until_ready(self, ports: Sequence[int]) -> None:
        """Return when it takes requests and all ``ports`` answer; TritonError where it does not."""
        clock = self._conditions.clock
        began_ns = clock.monotonic_ns()
        while not self._is_ready(ports):
            self._raise_if_ended("before it was ready")
            if clock.monotonic_ns() - began_ns > self._timeout_s * NS_PER_SECOND:
                waited_for = ", ".join(map(str, ports))
                raise TritonError(
                    f"{self._name} was not ready within {self._timeout_s:g} s"
                    f" (port {waited_for}){self._last_words()}",
                    hint="give it more time: --triton_timeout SECONDS",
                )
            time.sleep(_POLL_S)
        if self._ready_after_ns is None:
            self._ready_after_ns = clock.monotonic_ns() - began_ns

    def hold(self, models: tuple[str, ...]) -> None:
        """Have exactly these models loaded; TritonError with Triton's own reason."""
        if self._triton is None:
            return
        for model in [one for one in self._models if one not in models]:
            self._idle_is_known = False
            self._triton.unload(model, self._timeout_s)
            self._models.remove(model)
        for model in [one for one in models if one not in self._models]:
            self._idle_is_known = False
            try:
                self._triton.load(model, self._timeout_s)
            except TritonError as error:
                self._raise_if_ended(f"while it loaded the model {model!r}")
                if error.hint is None:  # its own reason says it all
                    raise
                raise TritonError(f"{error}{self._last_words()}", hint=error.hint) from error
            self._models.append(model)

    def settle(self) -> None:
        """Find out what it uses while nobody asks it, unless that is known."""
        if not self._idle_is_known:
            self._idle = idleness(
                self._reader, self._conditions.clock, self._conditions.interval_ns
            )
            self._idle_is_known = True

    @contextmanager
    def beside(self, recording: RunRecording) -> Iterator[None]:
        """Keep what it uses while the block lasts as part of an operator's run."""
        kept = recording.sidecar(self.server.name)
        before = self._counters()
        conditions = self._conditions
        failures: list[str] = []
        gpu = gpu_watch(
            self._standing.spec, conditions.engine, conditions.open_gpu_meter, conditions.clock
        )
        try:
            with (
                gpu.over(self._container.expected),
                watched(
                    self._reader, conditions.clock, conditions.interval_ns, kept.append
                ) as failures,
            ):
                yield
        finally:
            kept.finish(self._facts(before, failures, gpu))

    def ended(self) -> str | None:
        """Return in a few words how it ended, with its last lines; None while it is up."""
        try:
            exit_ = self._container.ended()
        except EngineError as error:
            return str(error)
        if exit_ is None:
            return None
        oom = exit_.oom_killed or self._has_oom_kills()
        name = signal_name(exit_.exit_code)
        words = f"exit {exit_.exit_code}" + (f" ({name})" if name else "")
        return f"killed for memory, {words}" if oom else words

    def last_lines(self) -> str:
        """Return what it printed last, each line on a new one; empty if it printed nothing."""
        return self._tail.shown()

    @property
    def _name(self) -> str:
        return f"the server {self.server.name} ({self.server.container.reference})"

    def _is_ready(self, ports: Sequence[int]) -> bool:
        if not all(self._container.answers(port, _KNOCK_TIMEOUT_S) for port in ports):
            return False
        return self._triton is None or self._triton.ready()

    def _raise_if_ended(self, when: str) -> None:
        ending = self.ended()
        if ending is not None:
            raise TritonError(
                f"{self._name} ended {when}: {ending}{self._last_words()}",
                hint="see what would be executed: cpost plan PIPELINE",
            )

    def _last_words(self) -> str:
        lines = self._tail.shown()
        return f"; it printed last:{lines}" if lines else "; it printed nothing"

    def _has_oom_kills(self) -> bool:
        try:
            return bool(self._reader.totals().oom_kills)
        except MeasureError:  # its sampling says so
            return False

    def _counters(self) -> dict[str, ModelCounters] | None:
        if self._triton is None:
            return None
        try:
            return self._triton.counters()
        except EngineError as error:
            # An operator is not lost for want of these; an engine that is gone tells so itself.
            _log.debug("no counters of models: %s", error)
            return None

    def _facts(
        self, before: dict[str, ModelCounters] | None, failures: Sequence[str], gpu: GpuWatch
    ) -> SidecarFacts:
        ending = self.ended()
        after = self._counters() if ending is None else None
        models = None
        if before is not None and after is not None:
            models = tuple(
                ModelUse(
                    model,
                    requests=one.requests,
                    failures=one.failures,
                    inferences=one.inferences,
                    queue_usec=one.queue_usec,
                    compute_usec=one.compute_usec,
                )
                for model, one in used_between(before, after).items()
            )
        return SidecarFacts(
            name=self.server.name,
            kind=self.server.kind.value,
            image=self.server.container.reference,
            command=self.server.container.command,
            image_id=self._standing.image.id or None,
            image_digest=self._standing.image.digest,
            container_id=self._container.id,
            rung=self._reader.rung,
            ready_after_ns=self._ready_after_ns,
            idle=self._idle,
            models=models,
            ended=ending,
            warnings=(*self._reader.notes, *failures, *gpu.warnings),
            gpu=gpu.use,
        )


@contextmanager
def started_sidecar(
    standing: Standing, need: Need, conditions: Conditions, timeout_s: float
) -> Iterator[Sidecar]:
    """Have a server up that takes requests, and take it down when the block ends.

    Raises TritonError where it never comes to that, with the last lines it printed.
    """
    tail = LogTail()
    name = f"the server {standing.server.name} ({standing.spec.image})"
    try:
        with (
            conditions.engine.server(standing.spec, tail) as container,
            conditions.expect(container.expected) as early,
        ):
            target = container.start(conditions.start_timeout_s)
            with conditions.attach(target, early) as reader:
                sidecar = Sidecar(standing, container, reader, conditions, tail, timeout_s)
                sidecar.wait_until_ready(need.ports)
                yield sidecar
    except (StartFailedError, StartTimeoutError) as error:
        raise TritonError(f"{name} could not be started: {error}", hint=error.hint) from error
