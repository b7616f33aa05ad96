"""``services``: containers that stand beside an operator."""

from __future__ import annotations

from cpost.pipeline.containers import read_container
from cpost.pipeline.fields import Fields
from cpost.pipeline.model import HttpConnection, Service, VolumeConnection
from cpost.pipeline.problems import shown
from cpost.pipeline.requests import read_requests
from cpost.pipeline.rules import check_environment_name, check_name, container_path, port


def read_services(operator: Fields) -> tuple[Service, ...]:
    """Read all services of an operator."""
    label = f"a service of {operator.label}"
    return tuple(_read_service(fields) for fields in operator.mappings("services", label))


def _read_service(fields: Fields) -> Service:
    name = fields.required_word("name", "add name: NAME")
    if name is not None:
        check_name(name, "the service", fields.problems)
        fields.label = f"service {shown(name.text)}"
    container, variables = read_container(fields)
    http, volumes = _read_connections(fields)
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
    service: Fields,
) -> tuple[tuple[HttpConnection, ...], tuple[VolumeConnection, ...]]:
    node = service.mapping("connections")
    if node is None:
        return (), ()
    fields = Fields(node, f"connections of {service.label}", service.problems)
    http = tuple(
        _read_http(one) for one in fields.mappings("http", f"an http connection of {service.label}")
    )
    label = f"a volume of {service.label}"
    volumes = tuple(
        _read_volume(one)
        for one in (*fields.mappings("file", label), *fields.mappings("volume", label))
    )
    fields.close()
    return http, volumes


def _read_http(fields: Fields) -> HttpConnection:
    name = fields.required_word("name", "add name: the variable that will hold its address")
    number = fields.required_word("port", "add port: NUMBER")
    fields.close()
    if name is not None:
        check_environment_name(name, fields.problems)
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
