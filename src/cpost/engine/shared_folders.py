"""Whether an engine elsewhere sees the folders that are to be mounted.

A path in a mount is a path on the engine's machine. Where that is another one, a folder must be
there too, under the same path: on a file system that both share, or (the payload) as a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError
from docker.types import Mount

from cpost.engine.connection import engine_errors, words_of
from cpost.engine.leftovers import remove_container
from cpost.errors import FolderUnseenError

_INSIDE = "/cpost"
# In Docker's words, and in Podman's.
_MISSING = ("bind source path does not exist", "no such file or directory")
_HINT = (
    "execute cpost on the engine's own machine, which also measures best; or use a file system "
    "that both share, under the same path on both"
)


def require_seen(
    api: docker.APIClient, image: str, folder: Path, labels: Mapping[str, str], copying: str = ""
) -> None:
    """Raise FolderUnseenError where the engine's machine has no such folder.

    Asked by a container of ``image`` that would mount it, and that is made but never started.
    ``copying`` is a command that would copy it there, if a copy will do.
    """
    with engine_errors(f"asking whether it sees {folder}"):
        try:
            made = api.create_container(
                image,
                entrypoint=["true"],
                labels=dict(labels),
                host_config=api.create_host_config(
                    mounts=[Mount(_INSIDE, str(folder), type="bind", read_only=True)],
                    network_mode="none",
                ),
            )
        except APIError as error:
            if is_about_a_missing_folder(error):
                raise unseen(folder, copying) from error
            raise
    remove_container(api, made["Id"])


def any_image(api: docker.APIClient) -> str | None:
    """Return an image that the engine holds, whichever; None where it holds none."""
    with engine_errors("listing images"):
        found: list[Mapping[str, Any]] = api.images()
    return str(found[0]["Id"]) if found else None


def is_about_a_missing_folder(error: APIError) -> bool:
    """Whether the engine refused to make a container since a folder to be mounted is not there."""
    words = words_of(error).lower()
    return _MISSING[0] in words or (_MISSING[1] in words and "stat" in words)


def unseen(folder: object, copying: str = "") -> FolderUnseenError:
    """Return the error to be raised."""
    return FolderUnseenError(
        f"the engine is on another machine and does not see the folder {folder} there",
        hint="; or ".join(filter(None, [copying, _HINT])),
    )
