"""A plan: what would be executed, without having been executed; and its JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cpost.pipeline.model import ContainerImage, Operator, Pipeline, Requests, Service
from cpost.pipeline.secrets import redacted

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class PlannedMount:
    """A folder that an operator would see.

    ``from_operator`` is None for the payload and for an output; ``output`` is the output's name,
    None where it has none.
    """

    target: str
    source: str
    read_only: bool
    role: str  # input, output or volume
    from_operator: str | None
    output: str | None


@dataclass(frozen=True, slots=True)
class PlannedOperator:
    """An operator as it would be executed; nothing in it is secret any more.

    ``docker_run`` is one line; ``by_hand`` are the same command's lines for people, after what
    makes the folders for the outputs.
    """

    operator: Operator
    container_name: str
    environment: Mapping[str, str]
    mounts: tuple[PlannedMount, ...]
    docker_run: str
    by_hand: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedServer:
    """A server as it would be started; nothing in it is secret any more.

    ``operators`` are those that it would stand beside, ``models`` those it would hold for them.
    """

    name: str
    kind: str
    image: str
    container_name: str
    operators: tuple[str, ...]
    models: tuple[str, ...]
    docker_run: str
    by_hand: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A pipeline as it would be executed; ``operators`` are in the order of execution.

    ``payload_given`` is False where ``payload`` only stands for a directory that was not named.
    """

    pipeline: Pipeline
    operators: tuple[PlannedOperator, ...]
    payload: str
    payload_given: bool
    models_dir: str | None
    network: str
    warnings: tuple[str, ...]
    servers: tuple[PlannedServer, ...] = ()


def plan_object(plan: Plan) -> dict[str, Any]:
    """Return the plan as it is given to programs; see ``docs/plan.schema.json``."""
    pipeline = plan.pipeline
    return {
        "schema_version": SCHEMA_VERSION,
        "pipeline": {
            "name": pipeline.name,
            "api_version": pipeline.api_version,
            "description": pipeline.description,
            "orchestrator": pipeline.orchestrator,
            "file": str(pipeline.source),
            "parameters": redacted(pipeline.parameters),
            "pull_secrets": list(pipeline.pull_secrets),
        },
        "payload": plan.payload if plan.payload_given else None,
        "models_dir": plan.models_dir,
        "network": plan.network,
        "operators": [_operator_object(index, one) for index, one in enumerate(plan.operators, 1)],
        "sidecars": [_server_object(one) for one in plan.servers],
        "warnings": list(plan.warnings),
    }


def _operator_object(index: int, planned: PlannedOperator) -> dict[str, Any]:
    operator = planned.operator
    return {
        "index": index,
        "name": operator.name,
        "description": operator.description,
        **_container_object(operator.container),
        "environment": dict(planned.environment),
        "depends_on": _dependencies(operator),
        "mounts": [
            {
                "target": mount.target,
                "source": mount.source,
                "read_only": mount.read_only,
                "role": mount.role,
                "from_operator": mount.from_operator,
                "output": mount.output,
            }
            for mount in planned.mounts
        ],
        "requests": _requests_object(operator.requests),
        "services": [_service_object(service) for service in operator.services],
        "models": list(operator.models),
        "container_name": planned.container_name,
        "docker_run": planned.docker_run,
    }


def _server_object(server: PlannedServer) -> dict[str, Any]:
    return {
        "name": server.name,
        "kind": server.kind,
        "image": server.image,
        "container_name": server.container_name,
        "operators": list(server.operators),
        "models": list(server.models),
        "docker_run": server.docker_run,
    }


def _service_object(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        **_container_object(service.container),
        "environment": redacted(service.variables),
        "http": [{"name": one.name, "port": one.port} for one in service.http],
        "volumes": [{"name": one.name, "path": one.path} for one in service.volumes],
        "requests": _requests_object(service.requests),
    }


def _container_object(container: ContainerImage) -> dict[str, Any]:
    return {
        "image": container.reference,
        "entrypoint": _listed(container.entrypoint),
        "command": _listed(container.command),
    }


def _listed(words: Sequence[str] | None) -> list[str] | None:
    return None if words is None else list(words)


def _requests_object(requests: Requests) -> dict[str, int | None]:
    return {
        "cpu": requests.cpu_cores,
        "memory_mib": requests.memory_mib,
        "gpu": requests.gpus,
    }


def _dependencies(operator: Operator) -> list[str]:
    return list(dict.fromkeys(one.from_operator for one in operator.inputs if one.from_operator))
