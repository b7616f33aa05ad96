"""Images at hand before the first operator is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.utils import parse_repository_tag

from cpost.engine.connection import engine_errors, words_of
from cpost.engine.port import ImageInfo, PullPolicy
from cpost.errors import ImageError
from cpost.units import format_bytes

# What the kernel calls a machine, and what images call it.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_QEMU_NAMES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i386"}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")


def provide_image(
    api: docker.APIClient,
    reference: str,
    policy: PullPolicy,
    progress: Callable[[str], None],
) -> ImageInfo:
    """Return the image, pulled if ``policy`` says so; ImageError with the registry's words."""
    if policy is not PullPolicy.ALWAYS:
        found = _inspect(api, reference)
        if found is not None:
            return found
        if policy is PullPolicy.NEVER:
            raise ImageError(
                f"the image {reference} is not here, and --pull never forbids to pull it",
                hint=f"docker pull {reference}; or leave --pull never out",
            )
    _pull(api, reference, progress)
    pulled = _inspect(api, reference)
    if pulled is None:
        raise ImageError(f"the image {reference} was pulled but is not there")
    return pulled


def require_architecture(image: ImageInfo, machine: str | None) -> None:
    """Raise ImageError where ``image`` cannot be executed on ``machine`` (as ``uname -m`` says).

    An architecture that the kernel was taught to emulate (binfmt_misc) is let through.
    """
    wanted = _ARCHITECTURES.get(machine or "", machine)
    if not wanted or not image.architecture or image.architecture == wanted:
        return
    emulator = f"qemu-{_QEMU_NAMES.get(image.architecture, image.architecture)}"
    if (_BINFMT / emulator).exists():
        return
    raise ImageError(
        f"the image {image.reference} is made for {image.architecture}, this engine executes "
        f"{wanted}",
        hint=f"docker pull --platform linux/{wanted} {image.reference}",
    )


def _inspect(api: docker.APIClient, reference: str) -> ImageInfo | None:
    with engine_errors(f"looking for the image {reference}"):
        try:
            facts: Mapping[str, Any] = api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except NotFound:
            return None
        except APIError as error:
            if error.status_code != 400:
                raise
            raise ImageError(
                f"{reference!r} is no image reference: {words_of(error)}",
                hint="see container.image and container.tag in the pipeline definition",
            ) from error
    digests = facts.get("RepoDigests") or [""]
    return ImageInfo(
        reference=reference,
        id=str(facts["Id"]),
        digest=digests[0].rpartition("@")[2] or None,
        architecture=str(facts.get("Architecture") or ""),
    )


def _pull(api: docker.APIClient, reference: str, progress: Callable[[str], None]) -> None:
    repository, tag = parse_repository_tag(reference)
    try:
        with engine_errors(f"pulling {reference}"):
            try:
                events = api.pull(repository, tag=tag or "latest", stream=True, decode=True)
                failure = _follow(events, reference, progress)
            except APIError as error:
                failure = words_of(error)
    finally:
        progress("")
    if failure:
        # These three lines are the original's, word for word: its users know them.
        raise ImageError(
            f"Docker pull command for `{reference}` returned with code 1\n"
            "stdout is:\n"
            f"stderr is: Error response from daemon: {failure}\n"
            "\n"
            "Please verify docker access and the pipeline definition",
            hint=f"{_login(repository)}; docker pull {reference}",
        )


def _follow(
    events: Iterable[Mapping[str, Any]], reference: str, progress: Callable[[str], None]
) -> str:
    """Tell how a pull gets on; return what went wrong, or nothing."""
    done: dict[str, int] = {}
    total: dict[str, int] = {}
    for event in events:
        if "error" in event:
            return str(event["error"])
        detail = event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and detail.get("total"):
            layer = str(event.get("id"))
            done[layer], total[layer] = int(detail["current"]), int(detail["total"])
            progress(
                f"pulling {reference}: {format_bytes(sum(done.values()))}"
                f" of {format_bytes(sum(total.values()))}"
            )
        elif event.get("status") and not done:
            progress(f"pulling {reference}: {event['status']}")
    return ""


def _login(repository: str) -> str:
    """Return the command that logs in at a repository's registry."""
    first, slash, _ = repository.partition("/")
    is_registry = slash and ("." in first or ":" in first)
    return f"docker login {first}" if is_registry else "docker login"
