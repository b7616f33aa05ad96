"""What machine a session was executed on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The machine that cpost itself executes on; None where it does not tell."""

    name: str
    operating_system: str | None
    kernel: str
    architecture: str
    cpu_model: str | None
    cpu_count: int | None
    memory_bytes: int | None


def host_facts(root: Path = Path("/")) -> HostFacts:
    """Return the facts of this machine; its files are looked for under ``root``."""
    return HostFacts(
        name=platform.node(),
        operating_system=_value(root / "etc/os-release", "PRETTY_NAME", "="),
        kernel=platform.release(),
        architecture=platform.machine(),
        cpu_model=_value(root / "proc/cpuinfo", "model name", ":"),
        cpu_count=os.cpu_count(),
        memory_bytes=_memory_bytes(root / "proc/meminfo"),
    )


def _memory_bytes(path: Path) -> int | None:
    text = _value(path, "MemTotal", ":")
    return int(text.removesuffix("kB")) * 1024 if text else None


def _value(path: Path, name: str, separator: str) -> str | None:
    """Return what stands behind the first ``name`` in a file of names and values, else None."""
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            found, _, value = line.partition(separator)
            if found.strip() == name:
                return value.strip().strip('"') or None
    return None
