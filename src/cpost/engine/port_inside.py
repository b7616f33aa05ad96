"""A container's ports, reached from inside of it: for networks that cpost itself is not on.

What is executed there counts as the container's own: it costs it some CPU time.
"""

from __future__ import annotations

import docker
from docker.errors import APIError

from cpost.engine.connection import engine_errors, words_of
from cpost.engine.port import NoAnswerError
from cpost.errors import EngineError

_PYTHON = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60) as connection:
    if sys.argv[2]:
        connection.sendall(sys.argv[2].encode())
        while chunk := connection.recv(65536):
            sys.stdout.buffer.write(chunk)
"""
_BASH = 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1; [ -z "$1" ] || { printf %s "$1" >&3; cat <&3; }'
_NETCAT = 'if [ -z "$1" ]; then nc -z 127.0.0.1 "$0"; else printf %s "$1" | nc 127.0.0.1 "$0"; fi'

# One of them is in nearly every image; the port and the request are the last two words.
_PROGRAMS = (["bash", "-c", _BASH], ["python3", "-c", _PYTHON], ["sh", "-c", _NETCAT])
_NO_SUCH_PROGRAM = (126, 127)


class PortInside:
    """Knocks at ports of one container by programs that the container itself has."""

    def __init__(self, api: docker.APIClient, container_id: str) -> None:
        """Ask in this container."""
        self._api = api
        self._id = container_id
        self._programs = list(_PROGRAMS)

    def answers(self, port: int) -> bool:
        """Whether somebody listens at a port; EngineError where that cannot be found out."""
        return self._execute(port, "")[0] == 0

    def exchange(self, port: int, request: bytes) -> bytes:
        """Send a request, return all that comes back; NoAnswerError, EngineError."""
        exit_code, output = self._execute(port, request.decode())
        if exit_code != 0 and not output:
            raise NoAnswerError(f"port {port} does not answer")
        return output

    def _execute(self, port: int, request: str) -> tuple[int, bytes]:
        while self._programs:
            command = [*self._programs[0], str(port), request]
            exit_code, output = self._execute_once(command)
            if exit_code not in _NO_SUCH_PROGRAM:
                return exit_code, output
            self._programs.pop(0)
        raise EngineError(
            "a server cannot be asked whether it is ready: its image has neither bash nor Python "
            "nor nc, and its network is not reached from here",
            hint="execute cpost on the engine's own machine",
        )

    def _execute_once(self, command: list[str]) -> tuple[int, bytes]:
        with engine_errors("executing a program in a server"):
            try:
                made = self._api.exec_create(self._id, command, stderr=True)
                # stderr apart, or a program's complaint would be taken for an answer.
                output, _ = self._api.exec_start(made["Id"], demux=True)
                exit_code = self._api.exec_inspect(made["Id"])["ExitCode"]
            except APIError as error:
                if "not found" in words_of(error) or "no such file" in words_of(error):
                    return 127, b""
                if error.status_code == 409:  # it has ended, which whoever waits for it tells
                    return 1, b""
                raise
        return int(exit_code or 0), output or b""
