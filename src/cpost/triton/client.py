"""Speaking with a Triton that is up: is it ready, load this model, what did the models do.

See https://github.com/triton-inference-server/server/tree/main/docs/protocol
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from cpost.engine.port import HttpAnswer, HttpQuestion, NoAnswerError
from cpost.errors import TritonError
from cpost.triton.metrics import ModelCounters, parse_metrics

HTTP_PORT, GRPC_PORT, METRICS_PORT = 8000, 8001, 8002
_ASK_TIMEOUT_S = 5.0
_OK = 200
_NOT_FOUND = 404
_SHOWN_BYTES = 500
# The first generation (TensorRT Inference Server) has its own address for it.
_HEALTH = ("/v2/health/ready", "/api/health/ready")


class Ask(Protocol):
    """Asks the HTTP server at a port; NoAnswerError."""

    def __call__(self, port: int, question: HttpQuestion, timeout_s: float) -> HttpAnswer:
        """Ask, and wait for the answer."""
        ...


class TritonClient:
    """Asks one Triton by ``ask``; nothing is held open between two questions."""

    def __init__(
        self, ask: Ask, http_port: int = HTTP_PORT, metrics_port: int = METRICS_PORT
    ) -> None:
        """Ask at these ports."""
        self._ask = ask
        self._http_port = http_port
        self._metrics_port = metrics_port

    def ready(self) -> bool:
        """Whether it takes requests; False also while nothing answers at all."""
        statuses = set()
        for path in _HEALTH:
            try:
                status = self._get(self._http_port, path).status
            except NoAnswerError:
                return False
            if status == _OK:
                return True
            statuses.add(status)
        # A server that knows neither address is none that could say more.
        return statuses == {_NOT_FOUND}

    def load(self, model: str, timeout_s: float) -> None:
        """Load a model; TritonError with Triton's own reason."""
        self._change(model, "load", timeout_s)

    def unload(self, model: str, timeout_s: float) -> None:
        """Let a model go; TritonError."""
        self._change(model, "unload", timeout_s)

    def counters(self) -> dict[str, ModelCounters] | None:
        """Return what its models did so far; None where it tells no metrics."""
        try:
            answer = self._get(self._metrics_port, "/metrics")
        except NoAnswerError:
            return None
        return parse_metrics(answer.body.decode(errors="replace")) if answer.status == _OK else None

    def _change(self, model: str, what: str, timeout_s: float) -> None:
        try:
            question = HttpQuestion("POST", f"/v2/repository/models/{model}/{what}", "{}")
            answer = self._ask(self._http_port, question, timeout_s)
        except NoAnswerError as error:
            raise TritonError(
                f"Triton does not {what} the model {model!r}: {error}",
                hint="give it more time: --triton_timeout SECONDS",
            ) from error
        if answer.status != _OK:
            raise TritonError(f"Triton does not {what} the model {model!r}: {_reason(answer)}")

    def _get(self, port: int, path: str) -> HttpAnswer:
        return self._ask(port, HttpQuestion("GET", path), _ASK_TIMEOUT_S)


def _reason(answer: HttpAnswer) -> str:
    try:
        content: Any = json.loads(answer.body)
    except ValueError:
        content = None
    words = content.get("error") if isinstance(content, Mapping) else None
    told = str(words or answer.body[:_SHOWN_BYTES].decode(errors="replace"))
    return told.strip(" ;\n") or f"HTTP {answer.status}"
