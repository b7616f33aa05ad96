from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import libpython
from libpython import LibpythonError


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that comes before all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a library of two bytes, and the link that stands beside it."""
    if not shutil.which("dpkg-deb"):
        pytest.skip("dpkg-deb is not here")
    tree = tmp_path / "tree"
    library = tree / "usr/lib/machine"
    library.mkdir(parents=True)
    (library / "libpython3.11.so.1.0").write_bytes(b"so")
    (library / "libpython3.11.so.1").symlink_to("libpython3.11.so.1.0")
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN" / "control").write_text(
        "Package: libpython3.11\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\n"
        "Description: a library\n"
    )
    archive = tmp_path / "package.deb"
    subprocess.run(["dpkg-deb", "--build", tree, archive], check=True, capture_output=True)
    return archive


def test_the_library_comes_out_of_the_distributions_package(
    apt: Path, package: Path, tmp_path: Path
) -> None:
    command(apt, "apt-get", f'for name; do :; done; cp {package} "${{name}}_1_all.deb"')
    work = tmp_path / "work"
    work.mkdir()
    found = libpython.fetch("3.11", work)
    assert found.name == "libpython3.11.so.1.0"
    assert found.read_bytes() == b"so"


def test_what_apt_says_is_told(apt: Path, tmp_path: Path) -> None:
    command(apt, "apt-get", "echo 'E: Unable to locate package' >&2; exit 100")
    with pytest.raises(LibpythonError, match=r"cannot fetch libpython3\.9: E: Unable to locate"):
        libpython.fetch("3.9", tmp_path)


def test_a_machine_without_apt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LibpythonError, match="there is no apt"):
        libpython.fetch("3.11", tmp_path)
