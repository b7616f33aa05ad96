"""The shared library of an image's Python, which Triton's Python backend is linked to.

The usual Python image holds it. In Debian and Ubuntu it is a package of its own, which an image
made of the host's own release does not have: apt fetches it here, with no need to be root.
"""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path


class LibpythonError(Exception):
    """The library cannot be had; the message is one line that says why."""


def file_name(python: str) -> str:
    """Return the library's name for a Python (``3.11``), as the linker knows it."""
    return f"libpython{python}.so.1.0"


def fetch(python: str, folder: Path) -> Path:
    """Return the library out of the package of the host's own release, put into ``folder``.

    LibpythonError where apt has no such package or cannot fetch it.
    """
    package = f"libpython{python}"
    download = ["apt-get", "--quiet", "--quiet", "download", package]
    try:
        subprocess.run(download, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise LibpythonError(f"{file_name(python)} is not in the image, and there is no apt") from (
            error
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise LibpythonError(f"apt cannot fetch {package}: {last}") from error
    (archive,) = folder.glob(f"{package}_*.deb")
    return _extracted(archive, file_name(python))


def _extracted(archive: Path, name: str) -> Path:
    target = archive.with_name(name)
    with (
        subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE
        ) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as tree,
    ):
        for member in tree:
            if Path(member.name).name == name and member.isfile():
                content = tree.extractfile(member)
                assert content is not None
                target.write_bytes(content.read())
    if not target.is_file():
        raise LibpythonError(f"{archive.name} does not hold {name}")
    return target
