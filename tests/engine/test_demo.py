"""The demo's definitions: from a DICOM series to a DICOM object, with a real Triton and without."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest

import check_result
import demo_image
import make_payload
import triton_image
from cpost.engine.connection import Endpoint

DEMO = demo_image.DEMO
SLICES, SIZE = 60, 128
TIMEOUT_S = 300  # an emulated machine takes its time


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    make_payload.write_payload(folder, SLICES, SIZE, seed=3)
    return folder


@pytest.fixture
def images(triton_image: str) -> None:
    """Both images of the demo, at hand."""
    del triton_image
    demo_image.provide(Endpoint.find(os.environ))


def check(cpost: Any, definition: str, series: Path, outputs: Path, *words: object) -> None:
    """Execute the demo; its last operator alone must fail, and the spleen must be found."""
    result = cpost.profile(
        DEMO / definition,
        series,
        *("--force", "cont", "--keep_outputs", outputs, *words),
        timeout_s=TIMEOUT_S,
    )
    assert result["ended"].returncode == 6, result["ended"].stderr
    ends = [(run["state"], run["exit_code"]) for run in result["operators"]]
    assert ends == [("pass", 0)] * 3 + [("fail", 126)]
    (file,) = outputs.rglob(check_result.FILE)
    mask = check_result.mask_of(pydicom.dcmread(file), SLICES)
    assert check_result.dice(mask, make_payload.truth_mask(SLICES, SIZE)) >= 0.9


@pytest.mark.engine
@pytest.mark.usefixtures("images")
def test_with_triton_as_a_service(cpost: Any, series: Path, tmp_path: Path) -> None:
    words = ("--models_dir", DEMO / "models")
    check(cpost, "spleen-pipeline.yaml", series, tmp_path / "outputs", *words)


@pytest.mark.engine
@pytest.mark.usefixtures("images")
def test_with_triton_for_a_model(cpost: Any, series: Path, tmp_path: Path) -> None:
    words = ("--models_dir", DEMO / "models", "--triton_image", triton_image.IMAGE)
    check(cpost, "spleen-pipeline-model-repo.yaml", series, tmp_path / "outputs", *words)


@pytest.mark.engine
def test_in_containers_without_triton(
    cpost: Any, series: Path, tmp_path: Path, python_image: str
) -> None:
    del python_image
    demo_image.provide(Endpoint.find(os.environ))
    check(cpost, "without-triton.yaml", series, tmp_path / "outputs")


def test_without_containers(
    cpost: Any, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cpost.environ, "PYTHONPATH", str(DEMO))
    places = [str(DEMO / "operators/bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setitem(cpost.environ, "PATH", ":".join(places))
    check(cpost, "without-triton.yaml", series, tmp_path / "outputs", "--engine", "process")
