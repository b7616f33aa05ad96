"""The servers of a session: each up while operators need it that follow one another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from cpost.engine.port import ContainerSpec, ImageInfo, Mount
from cpost.errors import CpostError, EngineError, TritonError
from cpost.interrupt import shielded
from cpost.pipeline.model import Operator
from cpost.profiling.execution import Conditions, Execution
from cpost.profiling.sidecar import Sidecar, Standing, started_sidecar
from cpost.record.recording import RunRecording
from cpost.record.run import RunResult, RunState
from cpost.triton.servers import Need, Server, ServerKind, TritonOptions, addresses, needs_of
from cpost.triton.specs import server_spec, volume_mounts

_log = logging.getLogger(__name__)

VOLUMES = ".volumes"
"""The folder beside outputs of what operators and servers share; no operator is called so."""

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """The servers that stand beside one operator now; there may be none."""

    needs: tuple[Need, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    mounts: tuple[Mount, ...] = ()

    def told_to(self, spec: ContainerSpec) -> ContainerSpec:
        """Return the operator's container with the servers' addresses and volumes."""
        address = {one.server.key: one.address for one in self.sidecars}
        found = addresses(self.needs, lambda server: address[server.key])
        return replace(
            spec,
            environment={**spec.environment, **found},
            mounts=(*spec.mounts, *self.mounts),
        )

    def measured(self, recording: RunRecording) -> tuple[AbstractContextManager[None], ...]:
        """Return what measures each of them while the operator executes."""
        return tuple(one.beside(recording) for one in self.sidecars)

    def judged(self, execution: Execution) -> Execution:
        """Return how the operator ended, told as the server's ending if a server ended first."""
        for one in self.sidecars:
            ending = one.ended()
            if ending is None or execution.fatal is not None:
                continue
            told = f"the server {one.server.name} ended while the operator executed: {ending}"
            result = execution.result
            if result.state is RunState.PASS:
                result = replace(result, warnings=(*result.warnings, told))
            else:
                result = replace(
                    result,
                    state=RunState.ERROR,
                    reason=f"its server {one.server.name} ended: {ending}",
                    advice=told + one.last_lines(),
                )
            execution = replace(execution, result=result)
        return execution


class Servers:
    """Starts and stops servers as operators need them; a context manager that stops all."""

    def __init__(
        self,
        operators: Sequence[Operator],
        triton: TritonOptions,
        conditions: Conditions,
        images: Mapping[str, ImageInfo],
        *,
        session_id: str,
        volumes_dir: Path,
        progress: Callable[[str], None],
    ) -> None:
        """Start nothing yet; ``operators`` are in the order of execution."""
        self._needs = [needs_of(one, triton) for one in operators]
        self._triton = triton
        self._conditions = conditions
        self._images = images
        self._session_id = session_id
        self._volumes_dir = volumes_dir
        self._progress = progress
        self._up: dict[_Key, tuple[Sidecar, ExitStack]] = {}
        self._failed: dict[_Key, TritonError] = {}
        self._number = 0

    def __enter__(self) -> Servers:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop all that are up."""
        with shielded():
            for key in list(self._up):
                self._stop(key)

    def ready_for(self, index: int) -> Beside:
        """Have up exactly what operator ``index`` (from 1) needs, quiet and with its models.

        Raises TritonError. A server that was not ready once is not waited for again.
        """
        needs = self._needs[index - 1]
        for key in self._done_with(index):
            self._stop(key)
        sidecars = []
        for need in needs:
            sidecar = self._started(need)
            sidecar.wait_until_ready(need.ports)
            self._progress(f"loading models: {', '.join(need.models)}" if need.models else "")
            sidecar.hold(need.models)
            sidecars.append(sidecar)
        for sidecar in sidecars:
            self._progress(f"waiting until {sidecar.server.name} is quiet")
            sidecar.settle()
        self._progress("")
        mounts = [mount for need in needs for mount in self._volumes(need.server)]
        return Beside(needs, tuple(sidecars), tuple(dict.fromkeys(mounts)))

    def _done_with(self, index: int) -> list[_Key]:
        """Return the keys of what is up and not needed now; Triton stays as long as it will be."""
        now = {need.server.key for need in self._needs[index - 1]}
        later = {
            need.server.key
            for needs in self._needs[index:]
            for need in needs
            if need.server.kind is ServerKind.REPOSITORY
        }
        dead = {key for key, (sidecar, _) in self._up.items() if sidecar.ended() is not None}
        return [key for key in self._up if key not in now | later or key in dead]

    def _started(self, need: Need) -> Sidecar:
        server = need.server
        if server.key in self._failed:
            earlier = self._failed[server.key]
            raise TritonError(
                f"the server {server.name} could not be had before, and is not tried again",
                hint=earlier.hint,
            ) from earlier
        if server.key in self._up:
            return self._up[server.key][0]
        self._progress(f"starting {server.name} ({server.container.reference})")
        with ExitStack() as opening:
            try:
                sidecar = opening.enter_context(
                    started_sidecar(
                        self._standing(server), need, self._conditions, self._triton.timeout_s
                    )
                )
            except TritonError as error:
                self._failed[server.key] = error
                raise
            self._up[server.key] = (sidecar, opening.pop_all())
        return sidecar

    def _standing(self, server: Server) -> Standing:
        self._number += 1
        for mount in self._volumes(server):
            if not mount.read_only:
                mount.source.mkdir(parents=True, exist_ok=True)
                mount.source.chmod(0o777)  # whoever writes may be anybody inside its container
        spec = server_spec(
            server,
            session_id=self._session_id,
            number=self._number,
            models_dir=self._triton.models_dir,
            volumes_dir=self._volumes_dir / server.name,
            network=self._conditions.engine.network,
            gpus=self._gpus(server),
        )
        return Standing(server, spec, self._images[server.container.reference])

    def _volumes(self, server: Server) -> tuple[Mount, ...]:
        return volume_mounts(server, self._triton.models_dir, self._volumes_dir / server.name)

    def _gpus(self, server: Server) -> int:
        if self._conditions.engine.info().gpu_runtime:
            return 1 if server.gpus is None else server.gpus
        if server.gpus:
            _log.warning(
                "the server %s is to have %d GPU, but this engine has no GPU runtime: "
                "started without (sudo apt-get install nvidia-container-toolkit)",
                server.name,
                server.gpus,
            )
        return 0

    def _stop(self, key: _Key) -> None:
        _, stack = self._up.pop(key)
        stack.close()


def unserved(error: CpostError) -> Execution:
    """Return what becomes of an operator whose servers cannot be had: it is not executed.

    What keeps the next operators from being executed, too, is fatal: an engine that went away.
    """
    advice = "; ".join(filter(None, (str(error), error.hint)))
    result = RunResult(RunState.ERROR, reason="its server cannot be had", advice=advice)
    return Execution(result, None if type(error) in {TritonError, EngineError} else error)
