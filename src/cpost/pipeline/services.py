"""``services``: containers that stand beside an operator."""

from __future__ import annotations

from cpost.pipeline.containers import read_container
from cpost.pipeline.fields import Fields
from cpost.pipeline.model import HttpConnection, Service, VolumeConnection
from cpost.pipeline.nodes import ScalarNode
from cpost.pipeline.problems import Problems, shown
from cpost.pipeline.requests import read_requests
from cpost.pipeline.rules import check_environment_name, check_name, container_path, port


def read_services(operator: Fields) -> tuple[Service, ...]:
    """Read all services of an operator."""
    label = f"a service of {operator.label}"
    names = _Taken(f"{operator.label} has two services called", operator.problems)
    variables = _Taken(f"two services of {operator.label} set the variable", operator.problems)
    return tuple(
        _read_service(fields, names, variables) for fields in operator.mappings("services", label)
    )


class _Taken:
    """Texts that may be there only once in one operator."""

    def __init__(self, wrong: str, problems: Problems) -> None:
        self._wrong = wrong
        self._problems = problems
        self._lines: dict[str, int] = {}

    def take(self, node: ScalarNode) -> None:
        """Note a problem if the text was there before."""
        line = self._lines.setdefault(node.text, node.place.line)
        if line != node.place.line:
            wrong = f"{self._wrong} {shown(node.text)}"
            self._problems.add(node.place, wrong, f"rename one, the first is in line {line}")


def _read_service(fields: Fields, names: _Taken, taken_variables: _Taken) -> Service:
    name = fields.required_word("name", "add name: NAME")
    if name is not None:
        check_name(name, "the service", fields.problems)
        names.take(name)
        fields.label = f"service {shown(name.text)}"
    container, variables = read_container(fields)
    http, volumes = _read_connections(fields, taken_variables)
    if not http and not volumes and fields.entry("connections") is None:
        wrong = f"{fields.label} has no port: no operator could reach it"
        right = "add connections: with http: [{name: VARIABLE, port: NUMBER}]"
        fields.problems.add(fields.place, wrong, right)
    requests = read_requests(fields)
    fields.ignore("description")
    fields.close()
    return Service(
        name=name.text if name is not None else "",
        container=container,
        http=http,
        volumes=volumes,
        requests=requests,
        variables=variables,
    )


def _read_connections(
    service: Fields, taken_variables: _Taken
) -> tuple[tuple[HttpConnection, ...], tuple[VolumeConnection, ...]]:
    node = service.mapping("connections")
    if node is None:
        return (), ()
    fields = Fields(node, f"connections of {service.label}", service.problems)
    http = tuple(
        _read_http(one, taken_variables)
        for one in fields.mappings("http", f"an http connection of {service.label}")
    )
    label = f"a volume of {service.label}"
    volumes = tuple(
        _read_volume(one)
        for one in (*fields.mappings("file", label), *fields.mappings("volume", label))
    )
    fields.close()
    return http, volumes


def _read_http(fields: Fields, taken_variables: _Taken) -> HttpConnection:
    name = fields.required_word("name", "add name: the variable that will hold its address")
    number = fields.required_word("port", "add port: NUMBER")
    fields.close()
    if name is not None:
        check_environment_name(name, fields.problems)
        taken_variables.take(name)
    return HttpConnection(
        name.text if name is not None else "",
        port(number, fields.label, fields.problems) if number is not None else 0,
    )


def _read_volume(fields: Fields) -> VolumeConnection:
    name = fields.required_word("name", "add name: NAME")
    path = fields.required_word("path", "add path: /FOLDER")
    fields.close()
    return VolumeConnection(
        name.text if name is not None else "",
        container_path(path, fields.label, fields.problems) if path is not None else "",
    )
