from __future__ import annotations

from collections.abc import Mapping

import pytest

from cpost.engine.port import HttpAnswer, HttpQuestion, NoAnswerError
from cpost.errors import TritonError
from cpost.triton.client import TritonClient


class FakeServer:
    """Answers by path; None: nobody listens."""

    def __init__(self, answers: Mapping[str, tuple[int, bytes]] | None) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def __call__(self, port: int, question: HttpQuestion, timeout_s: float) -> HttpAnswer:
        self.asked.append(f"{port} {question.method} {question.path} {timeout_s:g}")
        if self._answers is None:
            raise NoAnswerError("refused")
        return HttpAnswer(*self._answers.get(question.path, (404, b"")))


@pytest.mark.parametrize(
    ("answers", "ready"),
    [
        (None, False),
        ({"/v2/health/ready": (200, b"")}, True),
        ({"/v2/health/ready": (400, b"")}, False),
        ({"/api/health/ready": (200, b"")}, True),
        ({"/api/health/ready": (503, b"")}, False),
        ({}, True),
    ],
)
def test_it_is_ready_by_the_health_of_either_generation(
    answers: Mapping[str, tuple[int, bytes]] | None, ready: bool
) -> None:
    assert TritonClient(FakeServer(answers)).ready() is ready


def test_who_is_ready_is_not_asked_twice() -> None:
    server = FakeServer({"/v2/health/ready": (200, b"")})
    assert TritonClient(server).ready()
    assert len(server.asked) == 1


def test_a_model_is_loaded_with_the_time_it_is_given() -> None:
    server = FakeServer({"/v2/repository/models/spleen/load": (200, b"")})
    TritonClient(server, http_port=9000).load("spleen", 120)
    assert server.asked == ["9000 POST /v2/repository/models/spleen/load 120"]


def test_a_model_that_is_not_loaded_is_told_in_tritons_own_words() -> None:
    reason = b'{"error":"load failed for model \'m\': no weights here;\\n"}'
    client = TritonClient(FakeServer({"/v2/repository/models/m/load": (400, reason)}))
    with pytest.raises(TritonError, match=r"load the model 'm': load failed .*: no weights here$"):
        client.load("m", 1)


def test_a_model_that_takes_too_long_is_told_with_the_option() -> None:
    with pytest.raises(TritonError) as told:
        TritonClient(FakeServer(None)).load("m", 1)
    assert "--triton_timeout" in str(told.value.hint)


def test_a_server_without_metrics_tells_none() -> None:
    assert TritonClient(FakeServer(None)).counters() is None
    assert TritonClient(FakeServer({})).counters() is None
    told = b'nv_inference_count{model="m",version="1"} 2\n'
    counters = TritonClient(FakeServer({"/metrics": (200, told)})).counters()
    assert counters is not None
    assert counters["m"].inferences == 2
