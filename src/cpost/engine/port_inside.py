"""A container's ports, reached from inside of it: for networks that cpost itself is not on.

What is executed there counts as the container's own: it costs it some CPU time.
"""

from __future__ import annotations

import docker
from docker.errors import APIError

from cpost.engine.connection import engine_errors, words_of
from cpost.engine.port import HttpAnswer, HttpQuestion, NoAnswerError
from cpost.errors import EngineError

# Each is given the port and, to ask, the whole request and how many seconds to wait for each part
# of the answer. Printed is its status, a line break, its body. A server may leave the connection
# open, so the body's length is heeded.
_PYTHON = """
import sys, socket
from http.client import HTTPResponse
patience_s = float(sys.argv[3]) if len(sys.argv) > 2 else 5
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), patience_s) as connection:
    if len(sys.argv) > 2:
        connection.sendall(sys.argv[2].encode())
        answer = HTTPResponse(connection)
        answer.begin()
        sys.stdout.buffer.write(b"%d\\n" % answer.status + answer.read())
"""
_BASH = r"""
exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1
[ $# -eq 0 ] && exit 0
printf %s "$1" >&3
LC_ALL=C # bytes, not characters
read -r -t "$2" _ status _ <&3 || exit 1
length=0
while IFS= read -r -t "$2" line <&3 && line=${line%$'\r'} && [ -n "$line" ]; do
    case ${line,,} in content-length:*) length=${line#*:} ;; esac
done
IFS= read -r -t "$2" -N "$((length))" body <&3 || exit 1
printf '%s\n%s' "$status" "$body"
"""
_NETCAT = '[ $# -eq 0 ] || exit 127; exec nc -z 127.0.0.1 "$0"'  # knocks only

# One of them is in nearly every image.
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
        return self._execute(str(port))[0] == 0

    def ask(self, port: int, question: HttpQuestion, timeout_s: float) -> HttpAnswer:
        """Ask the HTTP server at a port; NoAnswerError, EngineError."""
        patience = str(max(1, round(timeout_s)))
        _, output = self._execute(str(port), request_text(question), patience)
        status, _, body = output.partition(b"\n")
        if not status.isdigit():
            raise NoAnswerError(f"port {port} does not answer")
        return HttpAnswer(int(status), body)

    def _execute(self, *words: str) -> tuple[int, bytes]:
        while self._programs:
            exit_code, output = self._execute_once([*self._programs[0], *words])
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


def request_text(question: HttpQuestion) -> str:
    """Return a request as it goes over the wire."""
    return (
        f"{question.method} {question.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(question.body.encode())}\r\n\r\n{question.body}"
    )
