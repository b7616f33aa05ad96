"""What a machine is made of, and where it is kept."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

# The checkout itself is no ingredient: it is handed in at each boot. But the demo's images are
# built into the machine, since building them there takes minutes.
_INGREDIENTS = (
    HERE / "build-root.sh",
    HERE / "prime.sh",
    HERE / "guest",
    CHECKOUT / "requirements.txt",
    CHECKOUT / "demo" / "requirements.txt",
    CHECKOUT / "demo" / "Dockerfile",
    CHECKOUT / "demo" / "operators",
    CHECKOUT / "demo" / "models",
    CHECKOUT / "demo" / "triton",
)

# They have nothing to do on that machine, and weigh more than all the rest.
_LINTERS = re.compile(r"(ruff|mypy|import-linter|types-\S+|pandas-stubs|build)==")


def cache_folder() -> Path:
    """Where machines of all recipes are kept; it need not exist."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cpost-cgroup2"


def image_folder() -> Path:
    """Where the machine of today's recipe is kept, if it has been made."""
    return cache_folder() / fingerprint()


def requirements() -> str:
    """Return what is installed of requirements-dev.txt: neither linters nor comments."""
    lines = (CHECKOUT / "requirements-dev.txt").read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not (line.startswith("#") or _LINTERS.match(line)))


def fingerprint() -> str:
    """A name that changes whenever an ingredient does."""
    digest = hashlib.sha256(requirements().encode())
    for file in _files():
        digest.update(f"{file.relative_to(CHECKOUT)}\0{file.stat().st_mode & 0o111}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> list[Path]:
    inside = [file for part in _INGREDIENTS if part.is_dir() for file in part.rglob("*")]
    files = sorted(file for file in (*_INGREDIENTS, *inside) if file.is_file())
    return [file for file in files if "__pycache__" not in file.parts]


if __name__ == "__main__":
    sys.stdout.write(requirements())
