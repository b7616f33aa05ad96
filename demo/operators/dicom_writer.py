"""Operator dicom-writer: a mask and the series it was drawn on become a DICOM Segmentation."""

from __future__ import annotations

import sys
from pathlib import Path

from pydicom.dataset import FileDataset

from operators.dicom_seg import spleen_segmentation
from operators.folders import MASK_FILE, input_folder, output_folder
from operators.metaimage import read_volume
from operators.series import read_series, spacing_mm

OUTPUT_FILE = "spleen-segmentation.dcm"


def make_object(mask_folder: Path, payload: Path) -> FileDataset:
    """Return the DICOM object; ValueError where mask and payload do not belong together."""
    slices = read_series(payload)
    mask = read_volume(mask_folder / MASK_FILE)
    return spleen_segmentation(slices, mask.voxels, spacing_mm(slices)[2])


def main() -> None:
    """Read mask and payload, write the object."""
    try:
        dataset = make_object(
            input_folder("/input", "segmentation"), input_folder("/dicom", "dicom")
        )
    except ValueError as error:
        sys.exit(f"dicom-writer: {error}")
    target = output_folder("/output") / OUTPUT_FILE
    dataset.save_as(target, enforce_file_format=True)
    print(f"{dataset.NumberOfFrames} frames written to {target}")


if __name__ == "__main__":
    main()
