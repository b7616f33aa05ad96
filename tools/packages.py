"""Python packages for an image's Python, fetched by this one: no pip is needed there, no network.

They are kept in .cache/site, one folder for each set.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

SITES = Path(__file__).resolve().parent.parent / ".cache" / "site"
# What wheels call the architectures of images, and the oldest C libraries they are built for.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


class PackagesError(Exception):
    """The packages cannot be had; the message is one line that says why."""


def requirements_for(python: str, file: Path) -> list[str]:
    """Return the lines of a requirements file that are meant for that Python (``3.11``).

    pip itself would ask for the Python it is executed by.
    """
    lines = file.read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [
        f"{requirement.name}{requirement.specifier}"
        for requirement in wanted
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python})
    ]


def site(
    requirements: Sequence[str],
    python: str,
    architecture: str,
    manylinux: Sequence[str] = MANYLINUX,
) -> Path:
    """Return a folder with exactly these packages, for that Python and architecture.

    PackagesError where an architecture has no wheels, or pip cannot fetch them.
    """
    key = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    folder = SITES / f"python{python}-{architecture}-{key}"
    if folder.is_dir():
        return folder
    machine = MACHINES.get(architecture)
    if machine is None:
        raise PackagesError(f"no wheels are known for {architecture}")
    names = ", ".join(requirement.partition("==")[0] for requirement in requirements)
    print(f"packages: fetching {names} for Python {python}", flush=True)
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "install"]
    command += ["--target", str(unfinished), "--python-version", python, "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", "--no-deps"]
    command += [f"--platform={tag}_{machine}" for tag in manylinux]
    if subprocess.run([*command, *requirements], check=False).returncode:
        raise PackagesError(f"pip cannot fetch {names} for Python {python}")
    unfinished.rename(folder)
    return folder
