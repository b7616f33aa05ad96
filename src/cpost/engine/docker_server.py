"""A container of the Docker Engine that others talk to, and so does cpost."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

import docker

from cpost.engine.connection import engine_errors
from cpost.engine.docker_container import DockerContainer, container_exit
from cpost.engine.port import (
    NETWORK_NAME,
    ContainerExit,
    HttpAnswer,
    HttpQuestion,
    NoAnswerError,
)
from cpost.engine.port_inside import PortInside
from cpost.errors import EngineError
from cpost.meter.target import Target

_HEADERS = {"Content-Type": "application/json", "Connection": "close"}


class DockerServer:
    """See ``port.ServerContainer``.

    Its ports are reached at its address on the network if ``direct``, as they are from the
    engine's own machine; else by a small program that is executed inside of it.
    """

    def __init__(self, api: docker.APIClient, container: DockerContainer, *, direct: bool) -> None:
        """Take a container that was made, not started."""
        self._api = api
        self._container = container
        self._inside = None if direct else PortInside(api, container.id)
        self._address = ""

    @property
    def id(self) -> str:
        """The engine's id of the container."""
        return self._container.id

    @property
    def expected(self) -> Target:
        """See ``port.Container.expected``."""
        return self._container.expected

    @property
    def address(self) -> str:
        """See ``port.ServerContainer.address``."""
        return self._address

    def start(self, timeout_s: float) -> Target:
        """See ``port.Container.start``."""
        target = self._container.start(timeout_s)
        with engine_errors("asking for a container's address"):
            networks = self._api.inspect_container(self.id)["NetworkSettings"]["Networks"]
        # Empty if it has ended already, which whoever waits for it tells.
        self._address = str((networks.get(NETWORK_NAME) or {}).get("IPAddress") or "")
        return target

    def wait(self) -> ContainerExit:
        """See ``port.Container.wait``."""
        return self._container.wait()

    def kill(self) -> None:
        """See ``port.Container.kill``."""
        self._container.kill()

    def ended(self) -> ContainerExit | None:
        """See ``port.ServerContainer.ended``."""
        state = self._container.state()
        if not state:
            raise EngineError("the container was removed by somebody else")
        return None if state.get("Running") else container_exit(state)

    def answers(self, port: int, timeout_s: float) -> bool:
        """See ``port.ServerContainer.answers``."""
        if self._inside is not None:
            return self._inside.answers(port)
        with suppress(OSError), socket.create_connection((self._address, port), timeout_s):
            return True
        return False

    def ask(self, port: int, question: HttpQuestion, timeout_s: float) -> HttpAnswer:
        """See ``port.ServerContainer.ask``."""
        if self._inside is not None:
            return self._inside.ask(port, question, timeout_s)
        with closing(HTTPConnection(self._address, port, timeout=timeout_s)) as connection:
            try:
                connection.request(question.method, question.path, question.body or None, _HEADERS)
                answer = connection.getresponse()
                return HttpAnswer(answer.status, answer.read())
            except (OSError, HTTPException) as error:
                raise NoAnswerError(f"port {port} does not answer: {error}") from error
