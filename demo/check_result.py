"""Compare the demo's DICOM Segmentation with the spleen as the phantom's maker has drawn it.

Prints the Dice coefficient; exit code 1 where it is below what a working pipeline reaches.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import FileDataset

import make_payload

LEAST_DICE = 0.9
FILE = "spleen-segmentation.dcm"
_POSITION_TOLERANCE_MM = 0.01


def mask_of(segmentation: FileDataset, slices: int) -> npt.NDArray[np.uint8]:
    """Return the mask on all slices of the phantom's series, from foot to head.

    The object holds frames only where something was found, and says where they lie. ValueError
    where one lies on no slice.
    """
    heights_mm = np.array(make_payload.slice_positions_mm(slices))
    frames = segmentation.pixel_array.reshape(-1, segmentation.Rows, segmentation.Columns)
    mask = np.zeros((slices, *frames.shape[1:]), np.uint8)
    groups = segmentation.PerFrameFunctionalGroupsSequence
    for group, frame in zip(groups, frames, strict=True):
        height_mm = float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        nearest = int(np.abs(heights_mm - height_mm).argmin())
        if abs(heights_mm[nearest] - height_mm) > _POSITION_TOLERANCE_MM:
            raise ValueError(f"a frame at {height_mm} mm lies on no slice of the series")
        mask[nearest] = frame
    return mask


def dice(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Return twice the common voxels by the sum of both: 1 for the same mask, 0 for disjoint ones.

    https://en.wikipedia.org/wiki/Dice-S%C3%B8rensen_coefficient
    """
    return float(2 * np.count_nonzero(one & other) / (one.sum(dtype=int) + other.sum(dtype=int)))


def main() -> None:
    """Find the object, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outputs", type=Path, help="a folder that holds the object, at any depth")
    parser.add_argument("--slices", type=int, required=True, help="files of the payload")
    parser.add_argument("--size", type=int, required=True, help="pixels a side")
    arguments = parser.parse_args()
    found = list(arguments.outputs.rglob(FILE))
    if len(found) != 1:
        sys.exit(f"{arguments.outputs} holds {len(found)} files {FILE}, not one")
    mask = mask_of(pydicom.dcmread(found[0]), arguments.slices)
    score = dice(mask, make_payload.truth_mask(arguments.slices, arguments.size))
    if score < LEAST_DICE:
        sys.exit(f"the spleen was not found where it was drawn: Dice {score:.3f} < {LEAST_DICE}")
    print(f"demo: the spleen was found where it was drawn: Dice {score:.3f} >= {LEAST_DICE}")


if __name__ == "__main__":
    main()
