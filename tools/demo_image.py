"""Build the image of the demo's operators, unless the one that is there is the same.

Needs no network in containers and no pip in the image: the packages are installed here, for the
image's Python, into a folder that is copied.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import base_image
import packages
from cpost.engine.connection import Endpoint
from cpost.errors import CpostError
from image_build import Extra, ImageBuildError, Recipe, build, is_there

DEMO = Path(__file__).resolve().parent.parent / "demo"
IMAGE = "cpost-demo/operators:1.0"
REQUIREMENTS = DEMO / "requirements.txt"


def recipe_on(base: str, base_id: str) -> Recipe:
    """Return what the image is made of."""
    sources = ("Dockerfile", "requirements.txt", "operators", "models")
    return Recipe(IMAGE, base, base_id, DEMO, sources)


def provide(endpoint: Endpoint) -> None:
    """Have ``IMAGE`` at hand, made of what demo/ holds now.

    ImageBuildError, PackagesError and BaseImageError.
    """
    base = base_image.provide(endpoint)
    api = endpoint.client()
    facts = api.inspect_image(base)  # type: ignore[no-untyped-call]
    recipe = recipe_on(base, facts["Id"])
    if is_there(api, recipe):
        _say(f"{IMAGE} is up to date")
        return
    python = base_image.python_version_of(base)
    requirements = packages.requirements_for(python, REQUIREMENTS)
    site = packages.site(requirements, python, facts["Architecture"])
    _say(f"building {IMAGE} from {base}")
    began_s = time.monotonic()
    build(api, recipe, Extra({"site": site}))
    _say(f"{IMAGE} built in {time.monotonic() - began_s:.0f} s")


def _say(text: str) -> None:
    print(f"demo image: {text}", flush=True)


def main() -> None:
    """Build, or say in one line why not."""
    try:
        provide(Endpoint.find(os.environ))
    except (
        ImageBuildError,
        packages.PackagesError,
        base_image.BaseImageError,
        CpostError,
    ) as error:
        sys.exit(f"demo image: {error}")


if __name__ == "__main__":
    main()
