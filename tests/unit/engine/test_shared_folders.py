from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from cpost.engine.connection import Endpoint
from cpost.engine.shared_folders import require_seen
from cpost.errors import EngineError, FolderUnseenError

PAYLOAD = Path("/data/payload")


class FakeApi:
    """Makes any container, or refuses in given words; starts none."""

    def __init__(self, words: str | None = None) -> None:
        self._words = words
        self.log: list[str] = []

    def create_host_config(self, **options: Any) -> dict[str, Any]:
        return options

    def create_container(self, image: str, **options: Any) -> dict[str, str]:
        if self._words is not None:
            raise APIError("400", explanation=self._words)
        (mount,) = options["host_config"]["mounts"]
        self.log.append(f"make {mount['Source']} read-only: {mount['ReadOnly']}")
        return {"Id": "new"}

    def remove_container(self, container_id: str, **_: Any) -> None:
        self.log.append(f"remove {container_id}")


def ask(api: Any, copying: str = "") -> None:
    require_seen(api, "image", PAYLOAD, {}, copying)


def test_what_was_made_to_ask_is_removed() -> None:
    api = FakeApi()
    ask(api)
    assert api.log == ["make /data/payload read-only: True", "remove new"]


@pytest.mark.parametrize(
    "words",
    [
        "invalid mount config for type 'bind': bind source path does not exist: /data/payload",
        "statfs /data/payload: no such file or directory",
    ],
    ids=["Docker", "Podman"],
)
def test_a_folder_that_is_not_there_is_told_with_how_to_get_it_there(words: str) -> None:
    with pytest.raises(FolderUnseenError, match="/data/payload") as told:
        ask(FakeApi(words), "rsync it")
    assert str(told.value.hint).startswith("rsync it; or execute cpost on the engine's own")


def test_any_other_refusal_is_the_engines_own() -> None:
    with pytest.raises(EngineError, match="no space left") as told:
        ask(FakeApi("no space left"))
    assert not isinstance(told.value, FolderUnseenError)


@pytest.mark.parametrize(
    ("host", "command"),
    [
        ("ssh://far", "rsync -aR /data/payload/ far:/"),
        ("ssh://me@far:2222", "rsync -aR -e 'ssh -p 2222' /data/payload/ me@far:/"),
        ("tcp://far:2376", "rsync -aR /data/payload/ far:/"),
        ("unix:///var/run/docker.sock", ""),
    ],
)
def test_the_command_that_copies_leads_to_the_engines_machine(host: str, command: str) -> None:
    assert Endpoint(host, "DOCKER_HOST").copying(PAYLOAD) == command
