"""Speaking with a Triton that is up: is it ready, load this model, what did the models do.

See https://github.com/triton-inference-server/server/tree/main/docs/protocol
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Protocol

from cpost.engine.port import NoAnswerError
from cpost.errors import TritonError
from cpost.triton.metrics import ModelCounters, parse_metrics

HTTP_PORT, GRPC_PORT, METRICS_PORT = 8000, 8001, 8002
_ASK_TIMEOUT_S = 5.0
_OK = 200
_NOT_FOUND = 404
# The first generation (TensorRT Inference Server) has its own address for it.
_HEALTH = ("/v2/health/ready", "/api/health/ready")


class Exchange(Protocol):
    """Sends bytes to a port of a server and returns all that comes back; NoAnswerError."""

    def __call__(self, port: int, request: bytes, timeout_s: float) -> bytes:
        """Send and listen until the server closes the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP server said."""

    status: int
    body: bytes


class TritonClient:
    """Asks one Triton over ``exchange``; nothing is held open between two questions."""

    def __init__(
        self, exchange: Exchange, http_port: int = HTTP_PORT, metrics_port: int = METRICS_PORT
    ) -> None:
        """Ask at these ports."""
        self._exchange = exchange
        self._http_port = http_port
        self._metrics_port = metrics_port

    def ready(self) -> bool:
        """Whether it takes requests; False also while nothing answers at all."""
        try:
            answers = [self._ask(self._http_port, "GET", path).status for path in _HEALTH]
        except NoAnswerError:
            return False
        # A server that knows neither address is none that could say more.
        return _OK in answers or all(status == _NOT_FOUND for status in answers)

    def load(self, model: str, timeout_s: float) -> None:
        """Load a model; TritonError with Triton's own reason."""
        self._change(model, "load", timeout_s)

    def unload(self, model: str, timeout_s: float) -> None:
        """Let a model go; TritonError."""
        self._change(model, "unload", timeout_s)

    def model_ready(self, model: str) -> bool:
        """Whether a model takes requests."""
        try:
            return self._ask(self._http_port, "GET", f"/v2/models/{model}/ready").status == _OK
        except NoAnswerError:
            return False

    def counters(self) -> dict[str, ModelCounters] | None:
        """Return what its models did so far; None where it tells no metrics."""
        try:
            answer = self._ask(self._metrics_port, "GET", "/metrics")
        except NoAnswerError:
            return None
        return parse_metrics(answer.body.decode(errors="replace")) if answer.status == _OK else None

    def _change(self, model: str, what: str, timeout_s: float) -> None:
        try:
            path = f"/v2/repository/models/{model}/{what}"
            answer = self._ask(self._http_port, "POST", path, b"{}", timeout_s)
        except NoAnswerError as error:
            raise TritonError(
                f"Triton does not {what} the model {model!r}: {error}",
                hint="give it more time: --triton_timeout SECONDS",
            ) from error
        if answer.status != _OK:
            raise TritonError(f"Triton does not {what} the model {model!r}: {_reason(answer)}")

    def _ask(
        self,
        port: int,
        method: str,
        path: str,
        body: bytes = b"",
        timeout_s: float = _ASK_TIMEOUT_S,
    ) -> Answer:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return parse_answer(self._exchange(port, head.encode() + body, timeout_s))


class _Received:
    """Bytes that were received, as the standard library's reader of answers wants them."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> io.BytesIO:
        del mode
        return io.BytesIO(self._received)


def parse_answer(received: bytes) -> Answer:
    """Return status and body of an HTTP answer; NoAnswerError where it is none."""
    response = HTTPResponse(_Received(received))  # type: ignore[arg-type]  # only makefile is used
    try:
        response.begin()
        return Answer(response.status, response.read())
    except (HTTPException, ValueError, OSError) as error:
        raise NoAnswerError(f"this is no answer of an HTTP server: {received[:60]!r}") from error


def _reason(answer: Answer) -> str:
    try:
        content: Any = json.loads(answer.body)
    except ValueError:
        content = None
    words = content.get("error") if isinstance(content, Mapping) else None
    return str(words or answer.body[:500].decode(errors="replace") or f"HTTP {answer.status}")
