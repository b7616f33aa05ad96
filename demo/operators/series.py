"""A CT series as files: found, sorted and checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

_AXIAL = [1, 0, 0, 0, 1, 0]
_POSITION_TOLERANCE_MM = 0.01


class SeriesError(ValueError):
    """The files are not one whole axial CT series; the message says why."""


def read_series(folder: Path) -> list[FileDataset]:
    """Return the slices of the one CT series under ``folder``, from foot to head; SeriesError.

    Whatever is not DICOM is passed over, as a folder from an archive often holds a DICOMDIR,
    texts and the like.
    """
    slices = [dataset for dataset in _dicom_files(folder) if dataset.get("Modality") == "CT"]
    if len(slices) < 2:
        raise SeriesError(f"{folder} holds {len(slices)} CT slices; at least 2 make a volume")
    slices.sort(key=_position_mm)
    _check(slices)
    return slices


def spacing_mm(slices: list[FileDataset]) -> tuple[float, float, float]:
    """Return the distance between voxels along x, y and z."""
    row_mm, column_mm = (float(number) for number in slices[0].PixelSpacing)
    return column_mm, row_mm, _position_mm(slices[1]) - _position_mm(slices[0])


def _dicom_files(folder: Path) -> Iterable[FileDataset]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield pydicom.dcmread(path)
            except InvalidDicomError:
                continue


def _position_mm(dataset: FileDataset) -> float:
    return float(dataset.ImagePositionPatient[2])


def _check(slices: list[FileDataset]) -> None:
    if len({dataset.SeriesInstanceUID for dataset in slices}) > 1:
        raise SeriesError("the payload holds more than one CT series")
    if any(list(dataset.ImageOrientationPatient) != _AXIAL for dataset in slices):
        raise SeriesError("the slices are not axial")
    gaps_mm = np.diff([_position_mm(dataset) for dataset in slices])
    if gaps_mm.max() - gaps_mm.min() > _POSITION_TOLERANCE_MM:
        raise SeriesError("the slices are not evenly spaced: one is missing or there twice")
