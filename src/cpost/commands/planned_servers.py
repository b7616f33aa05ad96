"""The servers of a plan: what would be started beside operators, and what these would be told."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cpost.engine.docker_command import docker_run_line, docker_run_lines
from cpost.engine.port import NETWORK_NAME, ContainerSpec, Mount
from cpost.pipeline.model import Operator
from cpost.pipeline.secrets import redacted
from cpost.profiling.beside import VOLUMES
from cpost.reports.plan import PlannedServer
from cpost.triton.servers import Server, TritonOptions, addresses, needs_of
from cpost.triton.specs import server_spec, volume_mounts

_MODELS = Path("/path/to/models")  # stands for --models_dir where it was not given


class PlannedServers:
    """All servers that a pipeline would need, each once."""

    def __init__(
        self,
        operators: Sequence[Operator],
        triton: TritonOptions,
        *,
        session_id: str,
        outputs_dir: Path,
    ) -> None:
        """Plan for ``operators``, which are in the order of execution."""
        self._needs = {one.name: needs_of(one, triton) for one in operators}
        self._models_dir = triton.models_dir or _MODELS
        self._volumes_dir = outputs_dir / VOLUMES
        servers: dict[tuple[object, ...], Server] = {}
        for needs in self._needs.values():
            for need in needs:
                servers.setdefault(need.server.key, need.server)
        self._specs = {
            key: server_spec(
                server,
                session_id=session_id,
                number=number,
                models_dir=self._models_dir,
                volumes_dir=self._volumes_dir / server.name,
                network=NETWORK_NAME,
                gpus=server.gpus or 0,
            )
            for number, (key, server) in enumerate(servers.items(), 1)
        }
        self._servers = servers

    def told_to(self, operator: Operator, spec: ContainerSpec) -> ContainerSpec:
        """Return an operator's container with the servers' addresses and volumes.

        By hand the containers' names do as addresses: the network knows them.
        """
        needs = self._needs[operator.name]
        found = addresses(needs, lambda server: self._specs[server.key].name)
        mounts = [mount for need in needs for mount in self._volumes(need.server)]
        return replace(
            spec,
            environment={**spec.environment, **found},
            mounts=(*spec.mounts, *dict.fromkeys(mounts)),
        )

    def planned(self) -> tuple[PlannedServer, ...]:
        """Return all servers, for a report."""
        return tuple(self._planned(key) for key in self._servers)

    def _planned(self, key: tuple[object, ...]) -> PlannedServer:
        server, spec = self._servers[key], self._specs[key]
        shown = replace(spec, environment=redacted(spec.environment))
        needs = [
            (operator, need)
            for operator, all_needs in self._needs.items()
            for need in all_needs
            if need.server.key == key
        ]
        folders = [mount.source for mount in self._volumes(server) if not mount.read_only]
        make = [f"mkdir -p -m 777 {shlex.quote(str(folder))}" for folder in folders]
        return PlannedServer(
            name=server.name,
            kind=server.kind.value,
            image=spec.image,
            container_name=spec.name,
            operators=tuple(operator for operator, _ in needs),
            models=tuple(dict.fromkeys(model for _, need in needs for model in need.models)),
            docker_run=docker_run_line(shown),
            by_hand=(*make, *docker_run_lines(shown)),
        )

    def _volumes(self, server: Server) -> tuple[Mount, ...]:
        return volume_mounts(server, self._models_dir, self._volumes_dir / server.name)
