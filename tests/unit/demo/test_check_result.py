from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

import check_result
import make_payload
from operators.dicom_seg import spleen_segmentation
from operators.series import read_series

SLICES, SIZE = 40, 96


def write_object(phantom: Path, mask: np.ndarray, folder: Path) -> None:
    written = spleen_segmentation(read_series(phantom), mask, 6.15)
    folder.mkdir(parents=True)
    written.save_as(folder / check_result.FILE, enforce_file_format=True)


def check(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["check_result.py", str(outputs), f"--slices={SLICES}", f"--size={SIZE}"]
    monkeypatch.setattr(sys, "argv", words)
    check_result.main()


def test_the_frames_are_put_where_they_say_they_lie(phantom: Path, tmp_path: Path) -> None:
    truth = make_payload.truth_mask(SLICES, SIZE)
    write_object(phantom, truth, tmp_path / "out")
    found = check_result.mask_of(pydicom.dcmread(tmp_path / "out" / check_result.FILE), SLICES)
    assert np.array_equal(found, truth)


def test_a_frame_between_the_slices_is_refused(phantom: Path, tmp_path: Path) -> None:
    write_object(phantom, make_payload.truth_mask(SLICES, SIZE), tmp_path / "out")
    found = pydicom.dcmread(tmp_path / "out" / check_result.FILE)
    with pytest.raises(ValueError, match="lies on no slice"):
        check_result.mask_of(found, SLICES + 1)


def test_dice_is_one_for_the_same_and_nothing_for_disjoint_masks() -> None:
    left = np.array([1, 1, 0, 0], np.uint8)
    assert check_result.dice(left, left) == 1
    assert check_result.dice(left, 1 - left) == 0
    assert check_result.dice(left, np.array([0, 1, 1, 0], np.uint8)) == 0.5


def test_the_command_prints_the_coefficient(
    phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    write_object(phantom, make_payload.truth_mask(SLICES, SIZE), tmp_path / "writer" / "output")
    check(tmp_path, monkeypatch)
    assert capsys.readouterr().out.endswith("Dice 1.000 >= 0.9\n")


def test_a_mask_elsewhere_is_a_failure(
    phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = np.roll(make_payload.truth_mask(SLICES, SIZE), 5, axis=2)
    write_object(phantom, elsewhere, tmp_path / "out")
    with pytest.raises(SystemExit, match="not found where it was drawn"):
        check(tmp_path, monkeypatch)


def test_a_pipeline_that_wrote_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="holds 0 files"):
        check(tmp_path, monkeypatch)
