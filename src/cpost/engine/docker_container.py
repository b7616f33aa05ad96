"""One container of the Docker Engine: made, started, listened to, waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException, ImageNotFound, NotFound, StreamParseError
from docker.types import DeviceRequest, LogConfig, Mount
from docker.utils.socket import STDERR, STDOUT, SocketError, frames_iter

from cpost.engine.connection import engine_errors, words_of
from cpost.engine.port import (
    ContainerExit,
    ContainerSpec,
    LogSink,
    StartFailedError,
    StartTimeoutError,
)
from cpost.engine.shared_folders import is_about_a_missing_folder, unseen
from cpost.errors import EngineError, ImageError
from cpost.meter.target import Target
from cpost.units import parse_timestamp_ns

_DRAIN_TIMEOUT_S = 10.0
_STREAMS = {STDOUT: "stdout", STDERR: "stderr"}
# In the words of runc and of crun.
_NO_SUCH_COMMAND = ("executable file not found", "no such file or directory", "not found in $path")
# The SDK reads streams past ``requests``, so what goes wrong there comes as it is.
_STREAM_ERRORS = (
    DockerException,
    StreamParseError,
    SocketError,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)


def create(api: docker.APIClient, spec: ContainerSpec, cgroup_parent: str | None) -> str:
    """Make the container of ``spec`` without starting it; return its id."""
    host_config = api.create_host_config(
        mounts=[
            Mount(mount.target, str(mount.source), type="bind", read_only=mount.read_only)
            for mount in spec.mounts
        ],
        network_mode=spec.network,
        cgroup_parent=cgroup_parent,
        # What it prints is read as it comes and kept by cpost; the engine need not keep it too.
        log_config=LogConfig(type="none"),
        device_requests=[DeviceRequest(count=spec.gpus, capabilities=[["gpu"]])]
        if spec.gpus
        else None,
        shm_size=spec.shm_bytes,
    )
    with engine_errors(f"making the container {spec.name}"):
        try:
            made = api.create_container(
                spec.image,
                command=list(spec.command) if spec.command is not None else None,
                entrypoint=list(spec.entrypoint) if spec.entrypoint is not None else None,
                environment=dict(spec.environment),
                labels=dict(spec.labels),
                name=spec.name,
                host_config=host_config,
            )
        except ImageNotFound as error:
            raise ImageError(
                f"the image {spec.image} is gone: {words_of(error)}",
                hint=f"docker pull {spec.image}",
            ) from error
        except APIError as error:
            if is_about_a_missing_folder(error):
                raise unseen(", ".join(str(mount.source) for mount in spec.mounts)) from error
            if "No command specified" in words_of(error):
                raise StartFailedError(
                    f"neither the definition nor the image {spec.image} says what to execute",
                    container_exit_code=127,
                    hint="add container.command to the operator",
                ) from error
            raise
    return str(made["Id"])


class DockerContainer:
    """A container that was made; see ``port.Container``."""

    def __init__(
        self,
        api: docker.APIClient,
        starter: docker.APIClient,
        container_id: str,
        sink: LogSink,
        cgroup_parent: str | None,
    ) -> None:
        """Take ``starter``, a client whose requests end after a time of its own."""
        self._api = api
        self._starter = starter
        self._id = container_id
        self._sink = sink
        self._cgroup_parent = cgroup_parent
        self._listener: threading.Thread | None = None
        self._socket: Any = None

    @property
    def id(self) -> str:
        """The engine's id of the container."""
        return self._id

    @property
    def expected(self) -> Target:
        """Where it will be measured; see ``port.Container.expected``."""
        return Target(
            pid=None,
            cgroup_name=self._id,
            parent_cgroup=self._cgroup_parent,
            stats=partial(self._stats, self._id),
        )

    def start(self, timeout_s: float) -> Target:
        """Start it; see ``port.Container.start``."""
        self._listen()
        self._starter.timeout = timeout_s  # type: ignore[assignment]  # whole seconds in the stubs
        with engine_errors("starting a container"):
            try:
                self._starter.start(self._id)
            except requests.exceptions.Timeout as error:
                raise StartTimeoutError(
                    f"the engine did not confirm within {timeout_s:.0f} s that the container "
                    "has started",
                    hint=f"docker logs {self._id[:12]}; docker info",
                ) from error
            except APIError as error:
                words = words_of(error)
                raise StartFailedError(words, container_exit_code=exit_code_of(words)) from error
        return replace(self.expected, pid=self.state().get("Pid") or None)

    def wait(self) -> ContainerExit:
        """Return when it has ended and its output was read; see ``port.Container.wait``."""
        with engine_errors("waiting for a container"):
            try:
                exit_code = int(self._api.wait(self._id, timeout=None)["StatusCode"])
            except NotFound as error:
                raise EngineError("the container was removed by somebody else") from error
        state = self.state()
        if self._listener is not None:
            self._listener.join(_DRAIN_TIMEOUT_S)
        return replace(container_exit(state), exit_code=exit_code)

    def kill(self) -> None:
        """End it now."""
        with engine_errors("ending a container"):
            try:
                self._api.kill(self._id)
            except APIError as error:
                if error.status_code not in {404, 409}:  # gone, or not executing any more
                    raise

    def close(self) -> None:
        """Close the connection its output came through, once the container is gone."""
        if self._listener is not None:
            self._listener.join(_DRAIN_TIMEOUT_S)
        if self._socket is not None:
            # The SDK ties the answer to its socket, and only the answer closes the connection.
            answer = getattr(self._socket, "_response", None)
            if answer is not None:
                answer.close()
            self._socket.close()

    def state(self) -> Mapping[str, Any]:
        """Return what the engine says of it now; empty if it is gone."""
        with engine_errors("asking after a container"):
            try:
                state: Mapping[str, Any] = self._api.inspect_container(self._id)["State"]
            except NotFound:
                return {}
        return state

    def _listen(self) -> None:
        """Begin to read what it prints; before the start, or the first lines were lost."""
        with engine_errors("attaching to a container"):
            try:
                self._socket = self._api.attach_socket(
                    self._id, params={"stdout": 1, "stderr": 1, "stream": 1}
                )
            except APIError as error:
                # Podman prepares the container's first process here already: what Docker refuses
                # at the start (no such command …) it refuses now.
                words = words_of(error)
                raise StartFailedError(words, container_exit_code=exit_code_of(words)) from error
        self._listener = threading.Thread(
            target=self._pump, args=(self._socket,), name="operator output", daemon=True
        )
        self._listener.start()

    def _pump(self, connection: Any) -> None:
        # Ends with the stream: at the container's end, or when the engine goes away; the latter
        # is told by whoever waits for the container.
        with suppress(*_STREAM_ERRORS):
            for stream, data in frames_iter(connection, tty=False):  # type: ignore[no-untyped-call]
                self._sink(_STREAMS.get(stream, "stdout"), data)

    def _stats(self, container_id: str) -> Iterator[Mapping[str, Any]]:
        with suppress(*_STREAM_ERRORS):
            yield from self._api.stats(container_id, decode=True, stream=True)


def container_exit(state: Mapping[str, Any]) -> ContainerExit:
    """Return how a container ended, from what the engine says of its state."""
    return ContainerExit(
        exit_code=int(state.get("ExitCode") or 0),
        oom_killed=bool(state.get("OOMKilled")),
        started_ns=parse_timestamp_ns(state.get("StartedAt", "")),
        finished_ns=parse_timestamp_ns(state.get("FinishedAt", "")),
        error=str(state.get("Error") or ""),
    )


def exit_code_of(words: str) -> int:
    """Return what ``docker run`` ends with when a start fails in these words."""
    lower = words.lower()
    if any(one in lower for one in _NO_SUCH_COMMAND):
        return 127
    if "permission denied" in lower or "is a directory" in lower:
        return 126
    return 125
