"""A real engine for the tests that need one, and an image with Python in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from lacking import lacking

import base_image
import triton_image as triton_image_maker
from cpost.engine.connection import Endpoint
from cpost.errors import EngineUnreachableError
from image_build import ImageBuildError
from libpython import LibpythonError
from packages import PackagesError

_NO_TRITON = (
    triton_image_maker.TritonImageError,
    ImageBuildError,
    LibpythonError,
    PackagesError,
)


@pytest.fixture(autouse=True)
def _an_engine_where_it_is_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("engine"):
        request.getfixturevalue("engine_client")


@pytest.fixture(scope="session")
def engine_client() -> Iterator[docker.DockerClient]:
    """The engine that cpost itself would use."""
    try:
        endpoint = Endpoint.find(os.environ)
        endpoint.client(timeout_s=10).close()
    except EngineUnreachableError as error:
        lacking(str(error), "make test starts one, as root")
    client = docker.DockerClient(base_url=endpoint.host, version="auto", tls=endpoint.tls or False)
    yield client
    client.close()


@pytest.fixture(scope="session")
def python_image(engine_client: docker.DockerClient) -> str:
    """The name of an image with ``python3`` and ``sh``."""
    try:
        return base_image.provide(Endpoint.find(os.environ))
    except base_image.BaseImageError as error:
        lacking(f"no base image can be had: {error}")


@pytest.fixture(scope="session")
def triton_image(python_image: str) -> str:
    """The name of an image with a real Triton Inference Server."""
    del python_image  # which it is made of
    try:
        triton_image_maker.provide(Endpoint.find(os.environ))
    except _NO_TRITON as error:
        lacking(f"no Triton can be had: {error}")
    return triton_image_maker.IMAGE


@pytest.fixture
def operator(python_image: str) -> Callable[..., dict[str, Any]]:
    """Make an operator, as a definition holds it, that executes a line of shell."""
    image, _, tag = python_image.rpartition(":")

    def make(name: str, script: str, **fields: Any) -> dict[str, Any]:
        return {
            "name": name,
            "container": {"image": image, "tag": tag, "command": ["sh", "-c", script]},
            "input": [{"path": "/input"}],
            "output": [{"path": "/output"}],
            **fields,
        }

    return make
