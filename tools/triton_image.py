"""Build the image of a Triton Inference Server, unless the one that is there is the same.

NVIDIA's own server comes out of a wheel, so that no account and no 10 GB image are needed. Users of
NVIDIA's registry have the same at nvcr.io/nvidia/tritonserver.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import docker

import base_image
import libpython
import packages
from cpost.engine.connection import Endpoint
from cpost.errors import CpostError
from image_build import Extra, ImageBuildError, Recipe, build, is_there

TRITON = Path(__file__).resolve().parent.parent / "demo" / "triton"
IMAGE = "cpost-demo/tritonserver:2.51.0"
# The server's wheel wants a C library of 2022 at least: Debian 12, Ubuntu 22.04.
MANYLINUX = ("manylinux_2_35", *packages.MANYLINUX)
# The wheel has a backend for 3.13 too, but numpy 1, which the backend needs, is not made for it.
NEWEST_PYTHON = (3, 12)
ASK = """
import ctypes, json, site, sys
try:
    ctypes.CDLL("libpython%d.%d.so.1.0" % sys.version_info[:2])
except OSError:
    shared = False
else:
    shared = True
print(json.dumps({"site": site.getsitepackages()[0], "shared": shared}))
"""


class TritonImageError(Exception):
    """The image cannot be made here; the message is one line that says why."""


def require_python(python: str) -> None:
    """Raise TritonImageError where the server's backend cannot use that Python (``3.11``)."""
    major, minor = (int(number) for number in python.split("."))
    if (major, minor) > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        raise TritonImageError(
            f"the base image has Python {python}; the server's backend takes {newest} at most"
        )


def lay_out(wheel: Path, python: str, target: Path) -> None:
    """Put what a server on a CPU needs out of the unpacked ``wheel`` into ``target``.

    ``bin``, ``lib`` and ``backends`` are where NVIDIA's image has them. TritonImageError where the
    wheel has no backend for that Python.
    """
    server = wheel / "pytriton" / "tritonserver"
    stub = server / "python_backend_stubs" / python
    if not stub.is_dir():
        raise TritonImageError(f"the wheel has no backend for Python {python}")
    # The library of another Python is there for the wheel's own use.
    others = shutil.ignore_patterns("libpython*")
    shutil.copytree(wheel / "nvidia_pytriton.libs", target / "lib", ignore=others)
    shutil.copytree(server / "backends", target / "backends")
    shutil.copytree(stub, target / "backends" / "python", dirs_exist_ok=True)
    (target / "bin").mkdir()
    shutil.copy(server / "bin" / "tritonserver", target / "bin")


def provide(endpoint: Endpoint) -> None:
    """Have ``IMAGE`` at hand; TritonImageError and those of what it is made with."""
    base = base_image.provide(endpoint)
    python = base_image.python_version_of(base)
    require_python(python)
    api = endpoint.client()
    facts = api.inspect_image(base)  # type: ignore[no-untyped-call]
    recipe = Recipe(IMAGE, base, facts["Id"], TRITON, ("Dockerfile", "requirements.txt"))
    if is_there(api, recipe):
        _say(f"{IMAGE} is up to date")
        return
    _build(api, recipe, python, facts["Architecture"])


def _build(api: docker.APIClient, recipe: Recipe, python: str, architecture: str) -> None:
    asked = json.loads(base_image.ask_python(api, recipe.base, ASK))
    wheel, numpy = (
        packages.site([requirement], python, architecture, MANYLINUX)
        for requirement in packages.requirements_for(python, TRITON / "requirements.txt")
    )
    _say(f"building {IMAGE} from {recipe.base}")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tritonserver"
        lay_out(wheel, python, tree)
        if not asked["shared"]:
            shutil.copy(libpython.fetch(python, Path(work)), tree / "lib")
        folders = {"tritonserver": tree, "site": numpy}
        build(api, recipe, Extra(folders, {"SITE": asked["site"]}))
    _say(f"{IMAGE} built in {time.monotonic() - began_s:.0f} s")


def _say(text: str) -> None:
    print(f"triton image: {text}", flush=True)


def main() -> None:
    """Build, or say in one line why not."""
    try:
        provide(Endpoint.find(os.environ))
    except (
        TritonImageError,
        ImageBuildError,
        libpython.LibpythonError,
        packages.PackagesError,
        base_image.BaseImageError,
        CpostError,
    ) as error:
        sys.exit(f"triton image: {error}")


if __name__ == "__main__":
    main()
