"""Containers under parent cgroups, by the engine alone: what cpost stands on, not cpost itself."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

MOUNT = Path("/sys/fs/cgroup")
# Not cpost's own name: what cpost finds left over under that, it removes.
FOLDER = "cposttest"
MIB = 1 << 20
START_LIMIT_S = 30

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent cgroup; it is there as soon as a container was started under it."""

    name: str
    path: Path

    @property
    def is_slice(self) -> bool:
        """Whether systemd made it, and must remove it."""
        return self.name.endswith(".slice")

    def remove(self) -> None:
        """Remove it as its maker would; raises OSError or CalledProcessError if we may not."""
        if not self.path.exists():
            return
        if self.is_slice:
            stop = ["systemctl", "stop", "--no-ask-password", self.name]
            subprocess.run(stop, check=True, capture_output=True)
            return
        self.path.rmdir()
        with suppress(OSError):  # others may be at work there
            self.path.parent.rmdir()


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that uses cgroup v2; ``image`` has a shell and Python."""

    client: docker.DockerClient
    driver: str
    image: str
    address: str = ""
    is_podman: bool = False
    is_rootless: bool = False

    def new_parent(self) -> Parent:
        """Name a parent cgroup that was never used."""
        token = f"p{os.getpid()}n{next(_numbers)}at{time.monotonic_ns()}"
        if self.driver == "systemd":
            name = f"{FOLDER}-{token}.slice"
            return Parent(name, MOUNT / f"{FOLDER}.slice" / name)
        return Parent(f"/{FOLDER}/{token}", MOUNT / FOLDER / token)

    def start(self, parent: Parent, script: str, **options: Any) -> Container:
        """Start a line of shell in a container; who calls removes it."""
        return self.client.containers.run(
            self.image,
            ["sh", "-c", script],
            cgroup_parent=parent.name,
            network_mode="none",
            detach=True,
            **options,
        )

    def execute(self, parent: Parent, script: str, **options: Any) -> tuple[int, str]:
        """Execute a line of shell to its end; return exit code and output."""
        container = self.start(parent, script, **options)
        try:
            exit_code = container.wait()["StatusCode"]
            return exit_code, container.logs().decode()
        finally:
            container.remove(force=True)


def own_cgroup(container: Container) -> Path:
    """Where a running container lies, from its own first process."""
    container.reload()
    line = Path(f"/proc/{container.attrs['State']['Pid']}/cgroup").read_text()
    return MOUNT / line.strip().removeprefix("0::/")


def counters(cgroup: Path, file: str) -> dict[str, int]:
    """Read a file of the kernel that holds a key and a number in each line."""
    lines = (cgroup / file).read_text().splitlines()
    return {key: int(number) for key, number in (line.split() for line in lines)}


def number(cgroup: Path, file: str) -> int:
    """Read a file of the kernel that holds one number."""
    return int((cgroup / file).read_text())


def wait_until_gone(path: Path) -> None:
    """Return when a cgroup has been removed; TimeoutError."""
    deadline = time.monotonic() + START_LIMIT_S
    while path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} is still there")
        time.sleep(0.02)
