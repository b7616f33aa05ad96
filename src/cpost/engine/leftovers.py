"""Removing what cpost made: of one session when it ends, of dead ones when the next begins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.types import Mount

from cpost.engine.connection import engine_errors
from cpost.engine.owner import SESSION_LABEL


def remove_containers(
    api: docker.APIClient, *, session_id: str | None = None, but_of: str | None = None
) -> int:
    """Remove containers that carry cpost's label; return how many there were.

    ``session_id`` names the one session that is meant (None: any), ``but_of`` one that is not.
    """
    label = SESSION_LABEL if session_id is None else f"{SESSION_LABEL}={session_id}"
    with engine_errors("listing containers"):
        found: list[Mapping[str, Any]] = api.containers(all=True, filters={"label": label})
    ours = [one for one in found if (one.get("Labels") or {}).get(SESSION_LABEL) != but_of]
    for container in ours:
        remove_container(api, container["Id"])
    return len(ours)


def remove_container(api: docker.APIClient, container_id: str) -> None:
    """End and remove a container, and its anonymous volumes; nothing happens if it is gone."""
    with engine_errors("removing a container"):
        try:
            api.remove_container(container_id, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != 409:  # 409: its removal is under way already
                raise


def remove_tree_through(
    api: docker.APIClient, image: str, folder: Path, labels: Mapping[str, str]
) -> None:
    """Remove ``folder`` by a container of ``image``, as the engine's root.

    For files that containers have written as root and this user may not touch. Raises EngineError
    where the image has no command ``rm``.
    """
    inside = "/cpost"
    with engine_errors(f"removing {folder}"):
        made = api.create_container(
            image,
            entrypoint=["rm", "-rf"],
            command=[f"{inside}/{folder.name}"],
            user="0:0",
            labels=dict(labels),
            host_config=api.create_host_config(
                mounts=[Mount(inside, str(folder.parent), type="bind")], network_mode="none"
            ),
        )
    try:
        with engine_errors(f"removing {folder}"):
            api.start(made["Id"])
            api.wait(made["Id"])
    finally:
        remove_container(api, made["Id"])
