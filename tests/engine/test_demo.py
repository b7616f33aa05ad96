"""The demo's definition, the same under both engines: from a DICOM series to a DICOM object."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import demo_image
import make_payload
from cpost.engine.connection import Endpoint

DEMO = demo_image.DEMO
SLICES, SIZE = 60, 128


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    make_payload.write_payload(folder, SLICES, SIZE, seed=3)
    return folder


def check(cpost: Any, series: Path, outputs: Path, *words: str) -> None:
    """Execute the demo; its last operator alone must fail, and the spleen must be found."""
    result = cpost.profile(
        DEMO / "spleen-pipeline.yaml",
        series,
        *("--force", "cont", "--keep_outputs", outputs, *words),
    )
    assert result["ended"].returncode == 6, result["ended"].stderr
    ends = [(run["state"], run["exit_code"]) for run in result["operators"]]
    assert ends == [("pass", 0)] * 3 + [("fail", 126)]
    (file,) = outputs.rglob("spleen-segmentation.dcm")
    truth = make_payload.truth_mask(SLICES, SIZE)
    found = pydicom.dcmread(file)
    voxels, frames = int(found.pixel_array.sum()), int(truth.any(axis=(1, 2)).sum())
    assert voxels == pytest.approx(int(truth.sum()), rel=0.1)
    assert found.NumberOfFrames == pytest.approx(frames, abs=2)
    assert np.unique(found.pixel_array).tolist() == [0, 1]


@pytest.mark.engine
def test_in_containers(cpost: Any, series: Path, tmp_path: Path) -> None:
    demo_image.provide(Endpoint.find(os.environ))
    check(cpost, series, tmp_path / "outputs")


def test_without_containers(
    cpost: Any, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cpost.environ, "PYTHONPATH", str(DEMO))
    places = [str(DEMO / "operators/bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setitem(cpost.environ, "PATH", ":".join(places))
    check(cpost, series, tmp_path / "outputs", "--engine", "process")
