"""Build the image of the demo's operators, unless the one that is there is the same.

Needs no network in containers and no pip in the image: the packages are installed here, for the
image's Python, into a folder that is copied.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import docker
from packaging.requirements import Requirement

import base_image
from cpost.engine.connection import Endpoint
from cpost.errors import CpostError

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
SITES = ROOT / ".cache" / "site"
IMAGE = "cpost-demo/operators:1.0"
INPUTS_LABEL = "cpost.demo.inputs"
# What wheels call the architectures of images, and the oldest C libraries they are built for.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


class DemoImageError(Exception):
    """The image cannot be built; the message is one line that says why."""


def provide(endpoint: Endpoint) -> None:
    """Have ``IMAGE`` at hand, made of what demo/ holds now; DemoImageError and BaseImageError."""
    base = base_image.provide(endpoint)
    api = endpoint.client()
    facts = api.inspect_image(base)  # type: ignore[no-untyped-call]
    inputs = digest_of_inputs(facts["Id"])
    if any(image["Labels"].get(INPUTS_LABEL) == inputs for image in api.images(name=IMAGE)):
        _say(f"{IMAGE} is up to date")
        return
    site = _site(base.rpartition(":")[2], facts["Architecture"])
    _say(f"building {IMAGE} from {base}")
    began_s = time.monotonic()
    with tempfile.TemporaryFile() as context:
        _pack_context(context, site)
        _build(api, context, base, inputs)
    _say(f"{IMAGE} built in {time.monotonic() - began_s:.0f} s")


def _say(text: str) -> None:
    print(f"demo image: {text}", flush=True)


def _sources() -> Iterator[Path]:
    """Yield all files of demo/ that the image is made of."""
    yield DEMO / "Dockerfile"
    yield DEMO / "requirements.txt"
    for path in sorted((DEMO / "operators").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def digest_of_inputs(base_id: str) -> str:
    digest = hashlib.sha256(base_id.encode())
    for path in _sources():
        digest.update(f"\0{path.relative_to(DEMO)}\0{path.stat().st_mode:o}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _site(python: str, architecture: str) -> Path:
    """Return a folder with the packages for that Python and architecture; DemoImageError."""
    requirements = requirements_for(python)
    key = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    site = SITES / f"python{python}-{architecture}-{key}"
    if site.is_dir():
        return site
    machine = MACHINES.get(architecture)
    if machine is None:
        raise DemoImageError(f"no wheels are known for {architecture}")
    _say(f"fetching {', '.join(requirements)}")
    unfinished = site.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "install"]
    command += ["--target", str(unfinished), "--python-version", python, "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", "--no-deps"]
    command += [f"--platform={tag}_{machine}" for tag in MANYLINUX]
    if subprocess.run([*command, *requirements], check=False).returncode:
        raise DemoImageError("pip cannot fetch the operators' packages")
    unfinished.rename(site)
    return site


def requirements_for(python: str) -> list[str]:
    """Return the lines of demo/requirements.txt that are meant for that Python.

    pip itself would ask for the Python it is executed by.
    """
    lines = (DEMO / "requirements.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [
        f"{requirement.name}{requirement.specifier}"
        for requirement in wanted
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python})
    ]


def _pack_context(context: IO[bytes], site: Path) -> None:
    with tarfile.open(fileobj=context, mode="w") as archive:
        archive.add(site, "site")
        for path in _sources():
            archive.add(path, str(path.relative_to(DEMO)))
    context.seek(0)


def _build(api: docker.APIClient, context: IO[bytes], base: str, inputs: str) -> None:
    events = api.build(
        fileobj=context,
        custom_context=True,
        tag=IMAGE,
        buildargs={"BASE": base},
        labels={INPUTS_LABEL: inputs},
        network_mode="none",
        rm=True,
        forcerm=True,
        decode=True,
    )
    for event in events:
        if "error" in event:
            raise DemoImageError(f"it cannot be built: {event['error']}")


def main() -> None:
    """Build, or say in one line why not."""
    try:
        provide(Endpoint.find(os.environ))
    except (DemoImageError, base_image.BaseImageError, CpostError) as error:
        sys.exit(f"demo image: {error}")


if __name__ == "__main__":
    main()
