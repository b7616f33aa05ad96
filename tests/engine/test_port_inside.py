"""A server's ports where its network is not reached: asked from inside of its container."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from cpost.engine.connection import Endpoint
from cpost.engine.port import HttpQuestion, NoAnswerError
from cpost.engine.port_inside import PortInside
from cpost.triton.client import TritonClient

pytestmark = pytest.mark.engine

SILENT = "import socket, time; listening = socket.create_server(('', 80)); time.sleep(600)"
MODELS = Path(__file__).parent / "models"


@contextmanager
def inside(client: docker.DockerClient, image: str, *command: str) -> Iterator[PortInside]:
    mounts = {str(MODELS): {"bind": "/models", "mode": "ro"}}
    container = client.containers.run(
        image, command, detach=True, network_mode="none", volumes=mounts, shm_size="1g"
    )
    try:
        yield PortInside(Endpoint.find(os.environ).client(), str(container.id))
    finally:
        container.remove(force=True)


def becomes(answer: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not answer() and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer()


def test_a_server_is_asked_from_inside(
    engine_client: docker.DockerClient, python_image: str
) -> None:
    serve = ("python3", "-m", "http.server", "80", "--directory", "/models/burner")
    with inside(engine_client, python_image, *serve) as ports:
        assert becomes(lambda: ports.answers(80))
        assert not ports.answers(81)
        answer = ports.ask(80, HttpQuestion("GET", "/config.pbtxt"), 60)
        assert answer.status == 200
        assert answer.body == (MODELS / "burner" / "config.pbtxt").read_bytes()
        assert ports.ask(80, HttpQuestion("GET", "/none"), 60).status == 404
        with pytest.raises(NoAnswerError):
            ports.ask(81, HttpQuestion("GET", "/"), 60)


@pytest.mark.parametrize("program", ["bash", "python3"])
def test_a_server_that_takes_requests_and_is_silent_is_not_waited_for(
    engine_client: docker.DockerClient, python_image: str, program: str
) -> None:
    with inside(engine_client, python_image, "python3", "-c", SILENT) as ports:
        ports._programs = [one for one in ports._programs if one[0] == program]
        assert becomes(lambda: ports.answers(80))
        with pytest.raises(NoAnswerError):
            ports.ask(80, HttpQuestion("GET", "/"), 1)


def test_a_triton_is_given_its_models_from_inside(
    engine_client: docker.DockerClient, triton_image: str
) -> None:
    serve = ("tritonserver", "--model-repository=/models", "--model-control-mode=explicit")
    with inside(engine_client, triton_image, *serve) as ports:
        client = TritonClient(ports.ask)
        assert becomes(client.ready)
        client.load("burner", 60)
        assert ports.ask(8000, HttpQuestion("GET", "/v2/models/burner/ready"), 60).status == 200
        counters = client.counters()
        assert counters is not None
        assert counters["burner"].inferences == 0
