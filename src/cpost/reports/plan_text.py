"""A plan as it is shown to people."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cpost.pipeline.model import ContainerImage, Requests, Service
from cpost.pipeline.secrets import redacted
from cpost.reports.plan import Plan, PlannedMount, PlannedOperator, PlannedServer

_WIDTH = 80
_INDENT = "   "
_LABEL_WIDTH = 13


def plan_text(plan: Plan) -> str:
    """Return the plan as it is shown to people: plain text for 80 columns.

    Only what must be copied whole (paths, commands) may be longer than a line.
    """
    lines = list(_head(plan))
    for index, planned in enumerate(plan.operators, 1):
        lines += ["", *_operator_lines(index, planned)]
    for server in plan.servers:
        lines += ["", *_server_lines(server)]
    lines += ["", *_foot(plan)]
    return "\n".join(lines) + "\n"


def _head(plan: Plan) -> Iterator[str]:
    pipeline = plan.pipeline
    count = len(plan.operators)
    yield from _wrapped("Pipeline", f"{pipeline.name} (api-version {pipeline.api_version})", "")
    yield from _wrapped("", pipeline.description, "")
    yield from _labelled("File", [str(pipeline.source)], "")
    yield from _labelled(
        "Payload",
        [plan.payload if plan.payload_given else f"not given; {plan.payload} stands for it"],
        "",
    )
    if plan.models_dir is not None:
        yield from _labelled("Models", [plan.models_dir], "")
    parameters = redacted(pipeline.parameters)
    yield from _labelled(
        "Parameters", [f"{name}={value}" for name, value in parameters.items()], ""
    )
    names = ", ".join(one.operator.name for one in plan.operators)
    yield from _wrapped("Order", f"{count} operator{'s' * (count != 1)}: {names}", "")
    if plan.models_dir is None and any(one.operator.models for one in plan.operators):
        yield from _wrapped("Triton", "is needed: give --models_dir DIR with its models", "")


def _operator_lines(index: int, planned: PlannedOperator) -> Iterator[str]:
    operator = planned.operator
    yield f"{index}. {operator.name}"
    for line in textwrap.wrap(_plain(operator.description), _WIDTH - len(_INDENT)):
        yield _INDENT + line
    yield from _container_lines(operator.container, _INDENT)
    yield from _labelled("environment", _assignments(planned.environment))
    yield from _labelled("mounts", _mount_lines(planned.mounts))
    yield from _labelled("requests", _request_words(operator.requests))
    yield from _labelled("models", operator.models)
    for service in operator.services:
        yield from _labelled("service", [service.name])
        yield from _service_lines(service, _INDENT * 2)
    yield f"{_INDENT}by hand"
    for line in planned.by_hand:
        yield f"{_INDENT}  {line}"


def _server_lines(server: PlannedServer) -> Iterator[str]:
    yield f"{server.name} (sidecar)"
    yield from _labelled("image", [server.image])
    yield from _wrapped("beside", ", ".join(server.operators), _INDENT)
    yield from _labelled("models", server.models)
    yield f"{_INDENT}by hand"
    for line in server.by_hand:
        yield f"{_INDENT}  {line}"


def _container_lines(container: ContainerImage, indent: str) -> Iterator[str]:
    yield from _labelled("image", [container.reference], indent)
    if container.entrypoint is not None:
        yield from _labelled("entrypoint", [shlex.join(container.entrypoint)], indent)
    if container.command is not None:
        yield from _labelled("command", [shlex.join(container.command)], indent)
    elif container.entrypoint is None:
        yield from _labelled("command", ["the image's own"], indent)


def _service_lines(service: Service, indent: str) -> Iterator[str]:
    yield from _container_lines(service.container, indent)
    variables = redacted(service.variables)
    yield from _labelled("environment", [f"{k}={v}" for k, v in variables.items()], indent)
    yield from _labelled(
        "address",
        [f"port {one.port}, told to the operator in {one.name}" for one in service.http],
        indent,
    )
    yield from _labelled("volumes", [f"{one.path} ({one.name})" for one in service.volumes], indent)
    yield from _labelled("requests", _request_words(service.requests), indent)


def _mount_lines(mounts: Sequence[PlannedMount]) -> Iterator[str]:
    width = max((len(mount.target) for mount in mounts), default=0)
    for mount in mounts:
        if mount.role == "volume":
            meaning = f"<> volume {mount.output}"
        elif mount.role == "output":
            meaning = "-> an output" if mount.output is None else f"-> output {mount.output}"
        elif mount.from_operator is None:
            meaning = "<- the payload"
        else:
            output = "" if mount.output is None else f", output {mount.output}"
            meaning = f"<- {mount.from_operator}{output}"
        access = " (writable)" if mount.role == "input" and not mount.read_only else ""
        yield f"{mount.target:{width}}  {meaning}{access}"


def _assignments(variables: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in variables.items()]


def _request_words(requests: Requests) -> list[str]:
    """Return what is asked for in one line, or nothing."""
    asked = [
        (requests.cpu_cores, "cpu: {}"),
        (requests.memory_mib, "memory: {} (MiB)"),
        (requests.gpus, "gpu: {}"),
    ]
    words = ", ".join(form.format(value) for value, form in asked if value is not None)
    return [words] if words else ["none"]


def _foot(plan: Plan) -> list[str]:
    network = plan.network
    triton = (
        " A sidecar is started before the operators that it stands beside, and ended (docker stop) "
        "after them; the addresses hold on that network."
        if plan.servers
        else ""
    )
    return textwrap.wrap(
        "The commands by hand do what cpost does, one operator after the other, if the network "
        f"is made first (docker network create {network}) and removed afterwards (docker network "
        f"rm {network}).{triton}",
        _WIDTH,
    )


def _labelled(label: str, values: Iterable[str], indent: str = _INDENT) -> Iterator[str]:
    """Yield one line a value, the first with the label; nothing if there is no value."""
    for value in values:
        yield f"{indent}{label:{_LABEL_WIDTH}}{_plain(value)}"
        label = ""


def _wrapped(label: str, text: str, indent: str) -> Iterator[str]:
    width = _WIDTH - len(indent) - _LABEL_WIDTH
    return _labelled(label, textwrap.wrap(_plain(text), width, break_on_hyphens=False), indent)


def _plain(text: str) -> str:
    """Return a text without line breaks and without what a terminal takes for a command."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
