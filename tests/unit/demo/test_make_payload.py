from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage

import make_payload


def headers(folder: Path) -> list[pydicom.FileDataset]:
    slices = [pydicom.dcmread(path) for path in folder.glob("*.dcm")]
    return sorted(slices, key=lambda dataset: float(dataset.ImagePositionPatient[2]))


def test_it_is_one_ct_series_with_an_image_of_its_own_in_each_file(phantom: Path) -> None:
    slices = headers(phantom)
    assert len(slices) == 40
    assert {dataset.file_meta.MediaStorageSOPClassUID for dataset in slices} == {CTImageStorage}
    assert len({dataset.SeriesInstanceUID for dataset in slices}) == 1
    assert len({dataset.SOPInstanceUID for dataset in slices}) == 40
    assert [dataset.InstanceNumber for dataset in slices] == list(range(1, 41))


def test_names_of_files_do_not_tell_their_order(phantom: Path) -> None:
    by_name = [pydicom.dcmread(path).InstanceNumber for path in sorted(phantom.glob("*.dcm"))]
    assert by_name != sorted(by_name)


def test_positions_and_spacings_cover_the_same_body_at_any_size(phantom: Path) -> None:
    slices = headers(phantom)
    first, last = slices[0], slices[-1]
    length_mm = float(last.ImagePositionPatient[2]) - float(first.ImagePositionPatient[2])
    assert length_mm == pytest.approx(make_payload.LENGTH_MM)
    assert first.Columns * float(first.PixelSpacing[1]) == pytest.approx(make_payload.FIELD_MM)
    assert float(first.SliceThickness) == pytest.approx(length_mm / 39, abs=1e-5)


def test_rescaled_values_are_hounsfield_units(phantom: Path) -> None:
    dataset = headers(phantom)[20]
    image = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    assert np.median(image[:8, :8]) == pytest.approx(make_payload.AIR_HU, abs=25)
    truth = make_payload.truth_mask(40, 96)[20].astype(bool)
    assert np.median(image[truth]) == pytest.approx(make_payload.SPLEEN.hu, abs=5)
    assert image[truth].std() == pytest.approx(make_payload.NOISE_HU, rel=0.2)


def test_the_same_seed_gives_the_same_files(phantom: Path, tmp_path: Path) -> None:
    make_payload.write_payload(tmp_path, 40, 96, seed=7)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (phantom / path.name).read_bytes()


def test_the_truth_has_the_spleens_volume() -> None:
    voxel_ml = (240 / 79) * (360 / 128) ** 2 / 1000
    measured_ml = make_payload.truth_mask(80, 128).sum() * voxel_ml
    assert measured_ml == pytest.approx(4 / 3 * np.pi * 26 * 40 * 50 / 1000, rel=0.02)


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precious").touch()
    monkeypatch.setattr(sys, "argv", ["make_payload.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="is not empty"):
        make_payload.main()
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_command_writes_series_and_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, truth = tmp_path / "ct", tmp_path / "truth.npy"
    words = ["make_payload.py", str(folder), "--slices=3", "--size=32", f"--truth={truth}"]
    monkeypatch.setattr(sys, "argv", words)
    make_payload.main()
    assert len(list(folder.iterdir())) == 3
    assert np.load(truth).shape == (3, 32, 32)
