"""Which servers must stand beside an operator, and what the operator is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from pathlib import Path

from cpost.pipeline.model import (
    ContainerImage,
    HttpConnection,
    Operator,
    Requests,
    Service,
    VolumeConnection,
)
from cpost.triton.client import GRPC_PORT, HTTP_PORT, METRICS_PORT

DATA_PATH_VARIABLE = "NVIDIA_CLARA_SERVICE_DATA_PATH"
DATA_PATH_REFERENCE = f"$({DATA_PATH_VARIABLE})"
TRITON_NAME = "tritonserver"
REPOSITORY_PATH = "/models"

# NVIDIA's last release of Triton 2.51.
DEFAULT_TRITON_IMAGE = "nvcr.io/nvidia/tritonserver:24.10-py3"
DEFAULT_TRITON_TIMEOUT_S = 120.0

_REPOSITORY_COMMAND = (
    "tritonserver",
    f"--model-repository={REPOSITORY_PATH}",
    "--model-control-mode=explicit",
)
_TRITON_WORDS = ("tritonserver", "trtserver", "tensorrtserver")


class ServerKind(str, Enum):
    """What a server is to the pipeline."""

    REPOSITORY = "model repository"  # cpost's own Triton, for operators' models
    SERVICE = "service"  # what the definition says, whatever it is


@dataclass(frozen=True, slots=True)
class TritonOptions:
    """What the command line says of servers.

    ``gpus`` are for the Triton of the model repository; None: one, where the engine has GPUs.
    """

    models_dir: Path | None = None
    image: str = DEFAULT_TRITON_IMAGE
    timeout_s: float = DEFAULT_TRITON_TIMEOUT_S
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A container that stands beside operators.

    ``gpus`` is None where nobody said how many it needs.
    """

    name: str
    kind: ServerKind
    container: ContainerImage
    variables: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[VolumeConnection, ...] = ()
    requests: Requests = field(default_factory=Requests)
    gpus: int | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two servers one: kind, image with tag, command."""
        image = self.container
        return (self.kind, image.reference, image.entrypoint, image.command)

    @property
    def is_triton(self) -> bool:
        """Whether it is a Triton, by its image or by what is executed in it."""
        if self.kind is ServerKind.REPOSITORY:
            return True
        image = self.container.reference.rpartition("/")[2]
        return any(known in word for word in (image, *self._words) for known in _TRITON_WORDS)

    @property
    def http_port(self) -> int:
        """Where a Triton takes requests over HTTP."""
        return self._port("--http-port", HTTP_PORT)

    @property
    def metrics_port(self) -> int:
        """Where a Triton tells its metrics."""
        return self._port("--metrics-port", METRICS_PORT)

    @property
    def uses_data_path(self) -> bool:
        """Whether it is told the folder of models, and so needs one."""
        return any(DATA_PATH_REFERENCE in one for one in (*self._words, *self.variables.values()))

    @property
    def _words(self) -> tuple[str, ...]:
        return (*(self.container.entrypoint or ()), *(self.container.command or ()))

    def _port(self, option: str, otherwise: int) -> int:
        words = " ".join(self._words).replace("=", " ").split()
        for word, value in pairwise(words):
            if word == option and value.isdigit():
                return int(value)
        return otherwise


@dataclass(frozen=True, slots=True)
class Need:
    """A server that one operator needs, and what it wants of it."""

    server: Server
    http: tuple[HttpConnection, ...]
    models: tuple[str, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that must answer before the operator is executed."""
        return tuple(dict.fromkeys(one.port for one in self.http))

    def environment(self, address: str) -> dict[str, str]:
        """Return the variables that lead the operator to the server at ``address``."""
        return {one.name: f"{address}:{one.port}" for one in self.http}


# What NVIDIA's operators look at, of all ages.
_REPOSITORY_CONNECTIONS = (
    HttpConnection("NVIDIA_TRITON_HTTPURI", HTTP_PORT),
    HttpConnection("NVIDIA_TRITON_GRPCURI", GRPC_PORT),
    HttpConnection("NVIDIA_CLARA_TRTISURI", HTTP_PORT),
    HttpConnection("CLARA_TRITON_URI", HTTP_PORT),
)


def needs_of(operator: Operator, options: TritonOptions) -> tuple[Need, ...]:
    """Return the servers that ``operator`` needs: its services, then Triton with its models."""
    needs = [_service_need(service) for service in operator.services]
    if operator.models:
        image = ContainerImage(options.image, command=_REPOSITORY_COMMAND)
        server = Server(TRITON_NAME, ServerKind.REPOSITORY, image, gpus=options.gpus)
        needs.append(Need(server, _REPOSITORY_CONNECTIONS, tuple(dict.fromkeys(operator.models))))
    return tuple(needs)


def addresses(needs: tuple[Need, ...], address_of: Callable[[Server], str]) -> dict[str, str]:
    """Return all variables that lead an operator to its servers.

    A service's own address wins over that of the model repository, which an operator with both
    finds under the names that are left.
    """
    found: dict[str, str] = {}
    for need in sorted(needs, key=lambda one: one.server.kind is ServerKind.SERVICE):
        found |= need.environment(address_of(need.server))
    return found


def _service_need(service: Service) -> Need:
    server = Server(
        name=service.name,
        kind=ServerKind.SERVICE,
        container=service.container,
        variables=service.variables,
        volumes=service.volumes,
        requests=service.requests,
        gpus=service.requests.gpus or 0,
    )
    return Need(server, service.http)
