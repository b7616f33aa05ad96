"""tools/engine.sh: a private engine comes up, survives mishaps, and leaves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("dockerd", path="/usr/sbin:/usr/bin:/sbin:/bin"),
    reason="needs root and an installed dockerd",
)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A second clone, as far as the engine is concerned; no other engine answers there."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    yield tmp_path
    engine(tmp_path, "down")


def engine(clone: Path, word: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DOCKER_HOST": f"unix://{clone}/nobody.sock"}
    return subprocess.run(
        [clone / "tools/engine.sh", word],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def daemons(clone: Path) -> list[int]:
    """The processes that were told a path within the clone."""
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and f"={clone}".encode() in command_line(process)
    ]


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def test_it_comes_up_once_is_found_again_and_leaves_nothing(clone: Path) -> None:
    first, again = engine(clone, "up"), engine(clone, "up")
    assert first.returncode == 0, first.stderr
    assert "starting a private one" in first.stdout
    assert "starting" not in again.stdout
    assert engine(clone, "env").stdout.startswith("export DOCKER_HOST=unix://")
    assert len(daemons(clone)) == 1
    assert engine(clone, "down").returncode == 0
    assert daemons(clone) == []
    assert str(clone) not in Path("/proc/mounts").read_text()
    assert engine(clone, "env").returncode == 1


def test_it_comes_up_again_after_it_was_killed(clone: Path) -> None:
    engine(clone, "up")
    (killed,) = daemons(clone)
    os.kill(killed, signal.SIGKILL)
    again = engine(clone, "up")
    assert again.returncode == 0, again.stderr
    assert len(daemons(clone)) == 1
