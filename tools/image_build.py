"""Building an image from a folder of this checkout, unless the one that is there is the same."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import docker

INPUTS_LABEL = "cpost.demo.inputs"


class ImageBuildError(Exception):
    """The engine cannot build the image; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made of: the base, and small files by which it is known to be the same.

    The base is known by its id, as another one may be given the same name. ``sources`` are
    relative to ``folder``, and so are their places in the build's context.
    """

    image: str
    base: str
    base_id: str
    folder: Path
    sources: tuple[str, ...]

    def files(self) -> list[Path]:
        """Return all files of the sources, folders included, in a fixed order."""
        found: list[Path] = []
        for source in self.sources:
            path = self.folder / source
            inside = sorted(path.rglob("*")) if path.is_dir() else [path]
            found += [one for one in inside if one.is_file() and "__pycache__" not in one.parts]
        return found

    def digest(self) -> str:
        """Return a hash of all: base, names, modes, contents."""
        digest = hashlib.sha256(self.base_id.encode())
        for path in self.files():
            digest.update(f"\0{path.relative_to(self.folder)}\0{path.stat().st_mode:o}\0".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Extra:
    """What is put into the context beside a recipe's files: large, and made from them."""

    folders: Mapping[str, Path]
    arguments: Mapping[str, str] = field(default_factory=dict)


def is_there(api: docker.APIClient, recipe: Recipe) -> bool:
    """Return whether the engine has the image, made of the same things."""
    images = api.images(name=recipe.image)
    digest = recipe.digest()
    return any((image["Labels"] or {}).get(INPUTS_LABEL) == digest for image in images)


def build(api: docker.APIClient, recipe: Recipe, extra: Extra) -> None:
    """Build the image, without network; ImageBuildError."""
    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w") as archive:
            for name, folder in extra.folders.items():
                archive.add(folder, name)
            for path in recipe.files():
                archive.add(path, str(path.relative_to(recipe.folder)))
        context.seek(0)
        events = api.build(
            fileobj=context,
            custom_context=True,
            tag=recipe.image,
            buildargs={"BASE": recipe.base, **extra.arguments},
            labels={INPUTS_LABEL: recipe.digest()},
            network_mode="none",
            rm=True,
            forcerm=True,
            decode=True,
        )
        _require_no_error(events)


def _require_no_error(events: Iterable[Mapping[str, object]]) -> None:
    for event in events:
        if "error" in event:
            raise ImageBuildError(f"it cannot be built: {event['error']}")
