from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import SegmentationStorage, generate_uid

import make_payload
from check_result import dice
from operators import dicom_reader, dicom_writer, model_here, segmentation
from operators.metaimage import Volume, read_volume, write_volume
from operators.model import ModelError
from operators.series import SeriesError


@pytest.fixture(scope="session")
def volume(phantom: Path) -> Volume:
    return dicom_reader.read_payload(phantom)


@pytest.fixture(scope="session")
def mask(volume: Volume) -> Volume:
    return segmentation.segment(volume, model_here.load())


@pytest.fixture
def series(phantom: Path, tmp_path: Path) -> Path:
    """A copy of the phantom that a test may damage."""
    return Path(shutil.copytree(phantom, tmp_path / "series"))


def test_the_reader_sorts_by_position_and_rescales(volume: Volume) -> None:
    assert volume.voxels.shape == (40, 96, 96)
    assert volume.spacing_mm == pytest.approx((3.75, 3.75, 240 / 39), abs=1e-4)
    assert volume.origin_mm == pytest.approx((-178.125, -178.125, -120))
    spleen = make_payload.truth_mask(40, 96).astype(bool)
    assert volume.voxels[spleen].mean() == pytest.approx(make_payload.SPLEEN.hu, abs=1)


def test_the_reader_passes_over_what_is_not_dicom(series: Path, volume: Volume) -> None:
    (series / "README.txt").write_text("from the archive")
    assert np.array_equal(dicom_reader.read_payload(series).voxels, volume.voxels)


def test_a_missing_slice_is_told(series: Path) -> None:
    next(path for path in series.iterdir() if pydicom.dcmread(path).InstanceNumber == 17).unlink()
    with pytest.raises(SeriesError, match="not evenly spaced"):
        dicom_reader.read_payload(series)


def test_two_series_in_one_payload_are_told(series: Path) -> None:
    path = next(series.iterdir())
    dataset = pydicom.dcmread(path)
    dataset.SeriesInstanceUID = generate_uid()
    dataset.save_as(path)
    with pytest.raises(SeriesError, match="more than one CT series"):
        dicom_reader.read_payload(series)


def test_a_payload_without_ct_slices_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="holds 0 CT slices"):
        dicom_reader.read_payload(tmp_path)


def test_the_spleen_is_found(mask: Volume) -> None:
    assert dice(mask.voxels, make_payload.truth_mask(40, 96)) >= 0.9


def test_a_model_that_refuses_is_told(volume: Volume) -> None:
    air = Volume(np.full((9, 16, 16), -1000, "<i2"), (3.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    with pytest.raises(ModelError, match="nothing but air"):
        segmentation.segment(air, model_here.load())


def test_the_model_sees_the_volume_on_its_own_grid(volume: Volume) -> None:
    seen: list[tuple[int, ...]] = []

    def find_nothing(voxels: np.ndarray) -> np.ndarray:
        seen.append(voxels.shape)
        assert voxels.dtype == np.int16
        return np.zeros(voxels.shape, np.uint8)

    mask = segmentation.segment(volume, find_nothing)
    assert seen == [(161, 238, 238)]  # 240 mm and 356.25 mm, 1.5 mm apart
    assert (mask.voxels.shape, mask.spacing_mm) == (volume.voxels.shape, volume.spacing_mm)


def test_the_window_spans_all_grey_values(volume: Volume) -> None:
    grey = segmentation.window(volume).voxels
    assert (grey.dtype, grey.min(), grey.max()) == (np.dtype("u1"), 0, 255)


def test_a_volume_is_read_as_it_was_written(volume: Volume, tmp_path: Path) -> None:
    write_volume(volume, tmp_path / "volume.mhd")
    again = read_volume(tmp_path / "volume.mhd")
    assert np.array_equal(again.voxels, volume.voxels)
    assert (again.spacing_mm, again.origin_mm) == (volume.spacing_mm, volume.origin_mm)


@pytest.fixture(scope="session")
def written(phantom: Path, mask: Volume, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write_volume(mask, folder / "spleen.mhd")
    file = folder / "object.dcm"
    dicom_writer.make_object(folder, phantom).save_as(file, enforce_file_format=True)
    return file


def test_the_object_is_a_segmentation_of_the_same_patient_and_frame(
    written: Path, phantom: Path
) -> None:
    dataset, source = pydicom.dcmread(written), pydicom.dcmread(next(phantom.iterdir()))
    assert dataset.file_meta.MediaStorageSOPClassUID == SegmentationStorage
    assert dataset.Modality == "SEG"
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert dataset[keyword].value == source[keyword].value
    assert dataset.SeriesInstanceUID != source.SeriesInstanceUID
    (segment,) = dataset.SegmentSequence
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Spleen"


def test_each_frame_lies_where_the_slice_it_refers_to_lies(written: Path, phantom: Path) -> None:
    dataset = pydicom.dcmread(written)
    sources = [pydicom.dcmread(path) for path in phantom.iterdir()]
    position = {source.SOPInstanceUID: source.ImagePositionPatient for source in sources}
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        (reference,) = frame.DerivationImageSequence[0].SourceImageSequence
        where = frame.PlanePositionSequence[0].ImagePositionPatient
        assert where == position[reference.ReferencedSOPInstanceUID]


def test_the_frames_hold_the_mask(written: Path, mask: Volume) -> None:
    frames = pydicom.dcmread(written).pixel_array
    assert np.array_equal(frames, mask.voxels[mask.voxels.any(axis=(1, 2))])


def test_a_mask_of_another_series_is_refused(series: Path, mask: Volume, tmp_path: Path) -> None:
    other = Volume(mask.voxels[:, :48], mask.spacing_mm, mask.origin_mm)
    write_volume(other, tmp_path / "spleen.mhd")
    with pytest.raises(ValueError, match="not the size of the series"):
        dicom_writer.make_object(tmp_path, series)


def test_an_empty_mask_is_refused(series: Path, mask: Volume, tmp_path: Path) -> None:
    write_volume(Volume(mask.voxels * 0, mask.spacing_mm, mask.origin_mm), tmp_path / "spleen.mhd")
    with pytest.raises(ValueError, match="the mask is empty"):
        dicom_writer.make_object(tmp_path, series)
