"""Operator dicom-reader: a DICOM CT series becomes one volume in Hounsfield units."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from operators.folders import VOLUME_FILE, input_folder, output_folder
from operators.metaimage import Volume, write_volume
from operators.series import SeriesError, read_series, spacing_mm


def read_payload(folder: Path) -> Volume:
    """Return the CT series in ``folder`` as a volume of int16 Hounsfield units; SeriesError."""
    slices = read_series(folder)
    voxels = np.stack(
        [
            dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
            for dataset in slices
        ]
    )
    x, y, z = (float(number) for number in slices[0].ImagePositionPatient)
    return Volume(np.rint(voxels).astype("<i2"), spacing_mm(slices), (x, y, z))


def main() -> None:
    """Read the payload, write the volume."""
    try:
        volume = read_payload(input_folder("/input"))
    except SeriesError as error:
        sys.exit(f"dicom-reader: {error}")
    target = output_folder("/output") / VOLUME_FILE
    write_volume(volume, target)
    print(f"{volume.voxels.shape[0]} slices written to {target}")


if __name__ == "__main__":
    main()
