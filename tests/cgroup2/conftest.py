"""A real cgroup v2 host: its engines, and a parent cgroup for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from parents import MOUNT, Engine, Parent
from product import Product

import base_image
from cpost.engine.connection import Endpoint
from cpost.errors import EngineUnreachableError

# With this set nothing may be skipped: in CI no feature may pass because its host was missing.
REQUIRED = bool(os.environ.get("CPOST_REQUIRE_CGROUP2"))
# One host can show both cgroup drivers if it has two engines; usually it is the one cpost finds.
ADDRESSES = os.environ.get("CPOST_CGROUP2_ENGINES", "").split(",")

MARKERS = (
    "as_root: about what root alone can do",
    "as_owner: about root, or the user whose own rootless engine it is",
    "as_docker_user: about somebody who may use the engine but is not root",
    "any_driver: about the kernel: the first engine will do, whatever its cgroup driver",
)
ROOTLESS = all("/run/user/" in address for address in ADDRESSES)


def _not_for_us() -> set[str]:
    if os.geteuid() == 0:
        return {"as_docker_user"}
    return {"as_root", "as_docker_user" if ROOTLESS else "as_owner"}


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about somebody else than us: not skipped, since it was never meant."""
    others = [
        item
        for item in items
        if any(map(item.get_closest_marker, _not_for_us())) or _was_shown_already(item)
    ]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def _was_shown_already(item: pytest.Item) -> bool:
    if item.get_closest_marker("any_driver") is None:
        return False
    return bool(item.callspec.params["engine"] != ADDRESSES[0])  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _a_cgroup_v2_host() -> None:
    if not (MOUNT / "cgroup.controllers").exists():
        _cannot(f"no cgroup v2 at {MOUNT} (make test-cgroup2 brings its own host)")


@pytest.fixture(
    scope="session", params=ADDRESSES, ids=lambda address: Path(address).stem or "default"
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine of this host, with an image that has a shell and Python."""
    environ = {**os.environ, **({"DOCKER_HOST": request.param} if request.param else {})}
    endpoint = Endpoint.find(environ)
    try:
        endpoint.client(timeout_s=30).close()
    except EngineUnreachableError as error:
        _cannot(str(error))
    client = docker.DockerClient(base_url=endpoint.host, version="auto", timeout=120)
    with closing(client):
        facts = client.info()
        if facts["CgroupVersion"] != "2":
            _cannot(f"the engine at {endpoint.host} does not use cgroup v2")
        image = base_image.provide(endpoint)
        # What an engine starts for its first container stays: it is nobody's leftover.
        client.containers.run(image, ["true"], remove=True)
        yield Engine(
            client,
            facts["CgroupDriver"],
            image,
            request.param,
            is_podman="Podman" in str(client.version().get("Components")),
            is_rootless="rootless" in str(facts.get("SecurityOptions"))
            or "/run/user/" in endpoint.host,
        )


@pytest.fixture
def parent(engine: Engine) -> Iterator[Parent]:
    """A parent cgroup that no container has used yet; removed in the end, if we may."""
    parent = engine.new_parent()
    yield parent
    if os.geteuid() == 0:
        parent.remove()


@pytest.fixture
def product(engine: Engine, tmp_path: Path) -> Product:
    """The cpost of this checkout, at that engine."""
    return Product(tmp_path, engine.address, engine.image)


def _cannot(reason: str) -> None:
    if REQUIRED:
        pytest.fail(f"CPOST_REQUIRE_CGROUP2 is set, but {reason}", pytrace=False)
    pytest.skip(reason)
