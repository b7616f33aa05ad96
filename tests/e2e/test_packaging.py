"""What a build delivers: cpost and nothing beside it, and a command that works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import cpost

ROOT = Path(__file__).parents[2]
FOLDERS_TO_BUILD_FROM = ("src", "demo", "docs", "tests", "tools")
LEFT_OUT = shutil.ignore_patterns("*.egg-info", "__pycache__", "out", ".*cache")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``dist`` of a build in a copy of the source tree."""
    source = tmp_path_factory.mktemp("source")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    for name in FOLDERS_TO_BUILD_FROM:
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    command = [sys.executable, "setup.py", "--quiet", "sdist", "bdist_wheel"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return source / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (file,) = dist.glob("*.whl")
    return file


def test_the_wheel_fits_every_python_and_holds_cpost_alone(wheel: Path) -> None:
    assert wheel.name == f"cpost-{cpost.__version__}-py3-none-any.whl"
    info = f"cpost-{cpost.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"cpost", info}
    assert {"cpost/cli.py", "cpost/py.typed", "cpost/sizing/strategies/__init__.py"} <= set(names)
    assert any(name.startswith(info) and name.endswith("/LICENSE") for name in names)


def test_the_source_archive_can_be_built_and_tested(dist: Path) -> None:
    (file,) = dist.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "LICENSE",
        "Makefile",
        "setup.py",
        "requirements.txt",
        "src/main.py",
        "demo/spleen-pipeline.yaml",
        "tests/conftest.py",
        "tools/engine.sh",
    } <= names


def test_the_installed_command_works(wheel: Path, tmp_path: Path) -> None:
    install = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--no-warn-script-location"]
    command = [sys.executable, "-m", *install, "--target", str(tmp_path), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    ended = subprocess.run(
        [tmp_path / "bin/cpost", "--version"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"cpost {cpost.__version__}\n"


def test_the_source_tree_works_without_being_installed(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "src/main.py", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"cpost {cpost.__version__}\n"
