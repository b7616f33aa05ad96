"""What containers leave on a machine: cgroups, containers, networks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker
from parents import MOUNT
from waiting import wait_until

SESSION_LABEL = "cpost.session"


def traces(client: docker.DockerClient) -> set[str]:
    """Return all there are now, by names that nothing else has."""
    cgroups = {folder for folder, _, _ in os.walk(MOUNT)}
    containers = {f"container {one['Id']}" for one in client.api.containers(all=True)}
    return cgroups | containers | {f"network {one['Name']}" for one in client.api.networks()}


@contextmanager
def nothing_left(client: docker.DockerClient) -> Iterator[None]:
    """Fail if the block leaves anything behind, once engine and systemd had time to clear up."""
    before = traces(client)
    yield
    try:
        wait_until(lambda: traces(client) <= before, "nothing is left")
    except TimeoutError:
        assert sorted(traces(client) - before) == []


def ours(client: docker.DockerClient) -> list[Mapping[str, str]]:
    """Return the containers of any cpost that execute now."""
    found: list[Mapping[str, str]] = client.api.containers(filters={"label": SESSION_LABEL})
    return found


def own_cgroup_of(container_id: str, pid: int) -> Path:
    """Return the cgroup of a container, above those that its runtime may have made in it."""
    line = Path(f"/proc/{pid}/cgroup").read_text().strip().removeprefix("0::/")
    place = MOUNT / line
    return next(one for one in (place, *place.parents) if container_id in one.name)
