"""The nouns of a pipeline definition, read and resolved: no templates, no imports left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Requests:
    """What a definition asks for; None where it does not say."""

    cpu_cores: int | None = None
    memory_mib: int | None = None
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """Which image is executed, and how it is started.

    ``command`` and ``entrypoint`` are None where the image's own are to be used.
    """

    image: str
    tag: str = "latest"
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None

    @property
    def reference(self) -> str:
        """``image:tag``, as the engine wants it; a digest or tag in ``image`` stays as it is."""
        name = self.image.rpartition("/")[2]
        return self.image if "@" in name or ":" in name else f"{self.image}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Input:
    """A folder an operator reads.

    ``from_operator`` is the exact name of the operator whose output is meant, None for the
    payload. ``output_name`` is resolved: None only where that output has no name.
    """

    path: str | None
    from_operator: str | None = None
    output_name: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A folder an operator writes; ``name`` may be None if it is the operator's only one."""

    path: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """``name`` is the environment variable that will hold ``<address>:<port>``."""

    name: str
    port: int


@dataclass(frozen=True, slots=True)
class VolumeConnection:
    """A volume of a service, known by ``name``, mounted at ``path``."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Service:
    """A container that stands beside an operator, Triton as a rule."""

    name: str
    container: ContainerImage
    http: tuple[HttpConnection, ...] = ()
    volumes: tuple[VolumeConnection, ...] = ()
    requests: Requests = field(default_factory=Requests)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operator:
    """One container step of a pipeline."""

    name: str
    container: ContainerImage
    description: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    requests: Requests = field(default_factory=Requests)
    services: tuple[Service, ...] = ()
    models: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A whole definition; ``operators`` are in file order (see ``order.execution_order``)."""

    name: str
    api_version: str
    operators: tuple[Operator, ...]
    source: Path
    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    pull_secrets: tuple[str, ...] = ()
    orchestrator: str | None = None
    description: str = ""
