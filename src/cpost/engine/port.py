"""The port that every engine fills: images, one dedicated network, one container at a time.

Engines make things and unmake them; they measure nothing and judge nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from cpost.errors import CpostError
from cpost.meter.target import Target

NETWORK_NAME = "cpost_net"
"""The dedicated network that operators are put on, where an engine has networks."""


class StartFailedError(CpostError):
    """A container could not be started at all: no such command, not executable …

    ``container_exit_code`` is what ``docker run`` would have ended with: 127 where the command
    does not exist, 126 where it cannot be executed, 125 for anything else. The exit code of
    cpost is that of a failed operator.
    """

    exit_code = 6

    def __init__(
        self, message: str, *, container_exit_code: int = 125, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.container_exit_code = container_exit_code


class StartTimeoutError(CpostError):
    """The engine did not confirm in time that a container has started."""

    exit_code = 6


class NoAnswerError(CpostError):
    """Nothing answers at a port of a server, or not yet."""

    exit_code = 8


class PullPolicy(str, Enum):
    """When an image is pulled."""

    MISSING = "missing"
    ALWAYS = "always"
    NEVER = "never"


class MountRole(str, Enum):
    """What a mounted folder is to the operator."""

    INPUT = "input"
    OUTPUT = "output"
    VOLUME = "volume"  # shared with a server beside the operator
    MODELS = "models"  # what a server serves


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the host as the operator sees it.

    ``name`` is the output's name in the definition (for an input: of the output it comes from),
    None where it has none.
    """

    source: Path
    target: str
    read_only: bool
    role: MountRole
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """All an engine must know to execute one operator once."""

    name: str
    image: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    network: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    gpus: int = 0
    is_server: bool = False
    shm_bytes: int | None = None  # the size of /dev/shm; None: the engine's own, 64 MiB as a rule


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the engine says of itself; None where it does not say."""

    name: str
    version: str
    address: str
    operating_system: str | None = None
    kernel: str | None = None
    architecture: str | None = None
    cgroup_version: int | None = None
    cgroup_driver: str | None = None
    gpu_runtime: bool = False
    rootless: bool = False
    local: bool = True  # whether it executes on this very machine


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image the engine holds; ``digest`` is None for an image that never saw a registry."""

    reference: str
    id: str
    digest: str | None
    architecture: str


@dataclass(frozen=True, slots=True)
class EmptyImage:
    """An image with one program that does nothing; ``program`` is its path inside."""

    reference: str
    program: str


@dataclass(frozen=True, slots=True)
class ContainerExit:
    """How a container ended, in the engine's words.

    ``started_ns`` and ``finished_ns`` are unix nanoseconds by the engine's clock; None where the
    engine does not know. ``oom_killed`` is the engine's flag, which is not reliable alone.
    """

    exit_code: int
    oom_killed: bool
    started_ns: int | None
    finished_ns: int | None
    error: str = ""


LogSink = Callable[[str, bytes], None]
"""Takes what a container prints: the stream's name (``stdout`` or ``stderr``) and the bytes."""


class Container(Protocol):
    """A container that was made, and is removed when its ``with`` block ends."""

    @property
    def id(self) -> str:
        """The engine's own id of the container."""
        ...

    @property
    def expected(self) -> Target:
        """What is known before the start of where it can be measured; ``pid`` is None."""
        ...

    def start(self, timeout_s: float) -> Target:
        """Start it and return where it can be measured.

        Raises StartTimeoutError where the engine does not confirm in time, StartFailedError where
        the container cannot be started at all (no such command …), EngineLostError.
        """
        ...

    def wait(self) -> ContainerExit:
        """Return when it has ended and all it printed has reached the sink; EngineLostError."""
        ...

    def kill(self) -> None:
        """End it now; nothing happens if it has ended already."""
        ...


@dataclass(frozen=True, slots=True)
class HttpQuestion:
    """A request to an HTTP server; ``body`` is text, JSON as a rule, and may be empty."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an HTTP server said."""

    status: int
    body: bytes


class ServerContainer(Container, Protocol):
    """A container that others talk to while it executes; nothing of it is seen by the host."""

    @property
    def address(self) -> str:
        """Its address on the network that operators are put on, once it was started."""
        ...

    def ended(self) -> ContainerExit | None:
        """How it ended; None while it executes."""
        ...

    def answers(self, port: int, timeout_s: float) -> bool:
        """Whether somebody listens at a port."""
        ...

    def ask(self, port: int, question: HttpQuestion, timeout_s: float) -> HttpAnswer:
        """Ask the HTTP server at a port; NoAnswerError."""
        ...


class Engine(Protocol):
    """Where operators are executed."""

    @property
    def network(self) -> str | None:
        """The network that operators are put on, None where there is no such thing."""
        ...

    def close(self) -> None:
        """Let go of what is held open; nothing of a session is left by then."""
        ...

    def info(self) -> EngineInfo:
        """What the engine is and can."""
        ...

    def exclusive(self, session_id: str) -> AbstractContextManager[None]:
        """Hold the engine for one session: lock, network, removal of what dead sessions left.

        When the block ends, whatever carries the session's label is removed. Raises
        EngineBusyError, NetworkTakenError.
        """
        ...

    def provide_image(
        self, reference: str, policy: PullPolicy, progress: Callable[[str], None]
    ) -> ImageInfo:
        """Have an image at hand, pulled if the policy says so; ImageError.

        ``progress`` takes one short line at a time while a pull lasts.
        """
        ...

    def empty_image(self) -> AbstractContextManager[EmptyImage | None]:
        """Have an image at hand whose program ends at once, remove it when the block ends.

        None where the engine has no images, where no such program is known for its machine, or
        where what a container of it uses could not be read exactly. EngineError.
        """
        ...

    def require_folder(self, folder: Path, *, copy_will_do: bool) -> None:
        """Raise FolderUnseenError where the engine is known not to see ``folder`` of this machine.

        ``copy_will_do`` says that operators only read it, so that a copy would do over there.
        """
        ...

    def container(self, spec: ContainerSpec, sink: LogSink) -> AbstractContextManager[Container]:
        """Make a container, remove it when the block ends; ImageError, EngineError."""
        ...

    def server(self, spec: ContainerSpec, sink: LogSink) -> AbstractContextManager[ServerContainer]:
        """Make a container that stands beside others, as ``container`` does.

        TritonError where this engine has no such thing.
        """
        ...

    def remove_tree(self, folder: Path) -> None:
        """Remove a folder that operators wrote into, files of root included."""
        ...
