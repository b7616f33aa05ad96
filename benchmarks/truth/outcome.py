"""What was measured, as it is kept: a file a kind of host, a part an experiment."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import docker

FOLDER = Path(__file__).with_name("outcomes")
_CHECKOUT = Path(__file__).parents[2]
SCHEMA_VERSION = 1


def host_kind() -> str:
    """Return what tells hosts apart here: the cgroup version, and whether they are emulated."""
    version = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    # systemd calls KVM by its name; plain "qemu" is a machine whose every instruction is emulated.
    emulated = _words("systemd-detect-virt") == "qemu"
    return f"cgroup-v{version}{'-emulated' if emulated else ''}"


def host() -> dict[str, Any]:
    """Return what a reader must know of this machine, and nothing that names it."""
    client = docker.from_env()
    engine = client.info()
    client.close()
    with Path("/proc/cpuinfo").open() as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "kind": host_kind(),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "cpu_count": os.cpu_count(),
        "cpu_model": models[0] if models else None,
        "python": platform.python_version(),
        "engine": engine["ServerVersion"],
        "cgroup_driver": engine.get("CgroupDriver"),
    }


def part(sizes_name: str, note: str, load: float, seconds: float, data: Any) -> dict[str, Any]:
    """Return one experiment's outcome with what it was measured under.

    ``load`` is the machine's average load just before: what others did then.
    """
    return {
        "measured": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M}",
        "commit": _words("git", "-C", str(_CHECKOUT), "rev-parse", "--short", "HEAD") or None,
        "sizes": sizes_name,
        "note": note,
        "load_before": round(load, 2),
        "took_s": round(seconds),
        "data": data,
    }


def read(file: Path) -> dict[str, Any]:
    """Return an outcome; one without any part where there is no file."""
    if not file.exists():
        return {"schema_version": SCHEMA_VERSION, "host": {}, "parts": {}}
    outcome: dict[str, Any] = json.loads(file.read_text())
    return outcome


def write(file: Path, outcome: dict[str, Any]) -> None:
    """Keep an outcome: all of it, or what was there stays."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(outcome, indent=1) + "\n")
    draft.replace(file)


def _words(*command: str) -> str:
    with suppress(OSError):
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        return ended.stdout.strip()
    return ""
