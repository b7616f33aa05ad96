from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from cpost.engine.images import provide_image, require_architecture
from cpost.engine.port import ImageInfo, PullPolicy
from cpost.errors import ImageError


class FakeApi:
    """Holds images by reference; a pull plays ``events`` and brings the image if none fails."""

    def __init__(self, *here: str, events: tuple[dict[str, Any], ...] = ()) -> None:
        self.here = set(here)
        self.events = events
        self.pulled: list[str] = []

    def inspect_image(self, reference: str) -> dict[str, Any]:
        if reference not in self.here:
            raise ImageNotFound("no such image", response=SimpleNamespace(status_code=404))
        digests = ["registry/reader@sha256:abc"]
        return {"Id": "sha256:1", "RepoDigests": digests, "Architecture": "amd64"}

    def pull(self, repository: str, tag: str, **_: object) -> Iterator[dict[str, Any]]:
        self.pulled.append(f"{repository}:{tag}")
        if not any("error" in event for event in self.events):
            self.here.add(f"{repository}:{tag}")
        yield from self.events


def provide(api: FakeApi, policy: PullPolicy = PullPolicy.MISSING) -> tuple[ImageInfo, list[str]]:
    told: list[str] = []
    return provide_image(api, "registry/reader:1", policy, told.append), told  # type: ignore[arg-type]


def test_an_image_that_is_here_is_not_pulled() -> None:
    api = FakeApi("registry/reader:1")
    image, _ = provide(api)
    assert image == ImageInfo("registry/reader:1", "sha256:1", "sha256:abc", "amd64")
    assert api.pulled == []


def test_a_missing_image_is_pulled_and_its_progress_told() -> None:
    layers = (
        {"status": "Pulling from reader", "id": "1"},
        {
            "status": "Downloading",
            "id": "a",
            "progressDetail": {"current": 1 << 20, "total": 4 << 20},
        },
        {
            "status": "Downloading",
            "id": "b",
            "progressDetail": {"current": 1 << 20, "total": 2 << 20},
        },
        {"status": "Download complete", "id": "a"},
    )
    api = FakeApi(events=layers)
    _, told = provide(api)
    assert api.pulled == ["registry/reader:1"]
    assert "pulling registry/reader:1: 2.0 MiB of 6.0 MiB" in told
    assert told[-1] == ""  # the line is taken back


def test_always_pulls_even_what_is_here() -> None:
    api = FakeApi("registry/reader:1")
    provide(api, PullPolicy.ALWAYS)
    assert api.pulled == ["registry/reader:1"]


def test_never_pulls_nothing() -> None:
    api = FakeApi()
    with pytest.raises(ImageError, match="--pull never") as told:
        provide(api, PullPolicy.NEVER)
    assert api.pulled == []
    assert "docker pull registry/reader:1" in str(told.value.hint)


def test_a_failed_pull_is_the_readmes_message_with_the_registrys_words() -> None:
    words = "unauthorized: authentication required"
    with pytest.raises(ImageError) as told:
        provide(FakeApi(events=({"error": words},)))
    assert str(told.value) == (
        "Docker pull command for `registry/reader:1` returned with code 1\n"
        "stdout is:\n"
        f"stderr is: Error response from daemon: {words}\n"
        "\n"
        "Please verify docker access and the pipeline definition"
    )


def test_a_pull_that_is_refused_at_once_is_the_same_message() -> None:
    class Refusing(FakeApi):
        def pull(self, *_: object, **__: object) -> Iterator[dict[str, Any]]:
            raise APIError("404", explanation="manifest unknown")

    with pytest.raises(ImageError, match="Error response from daemon: manifest unknown"):
        provide(Refusing())


def test_an_image_for_another_machine_is_refused() -> None:
    image = ImageInfo("reader:1", "id", None, "s390x")
    with pytest.raises(ImageError, match="made for s390x, this engine executes amd64"):
        require_architecture(image, "x86_64")


@pytest.mark.parametrize(
    ("architecture", "machine"),
    [("amd64", "x86_64"), ("arm64", "aarch64"), ("", "x86_64"), ("amd64", None)],
)
def test_an_image_for_this_machine_or_of_unknown_kind_is_taken(
    architecture: str, machine: str | None
) -> None:
    require_architecture(ImageInfo("reader:1", "id", None, architecture), machine)
