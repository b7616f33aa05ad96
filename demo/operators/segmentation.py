"""Operator spleen-segmentation: finds the spleen in a contrast-enhanced CT volume.

Classical image processing, no network of neurons: tissue in the spleen's range of Hounsfield
units, cleaned, and of what hangs together the largest piece in the patient's left half.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from operators.folders import MASK_FILE, VOLUME_FILE, input_folder, output_folder
from operators.metaimage import Volume, read_volume, write_volume

_SPLEEN_HU = (88, 150)
_BODY_HU = -300
_SMOOTHING_MM = 2.0
_OPENING_MM = 3.0
_WINDOW_HU = (-160, 240)  # what a viewer shows of the abdomen


class NoSpleenError(ValueError):
    """Nothing in the volume looks like a spleen."""


def segment(volume: Volume) -> Volume:
    """Return the spleen as a mask of 0 and 1 on the grid of ``volume``; NoSpleenError."""
    smooth = _smoothed(volume)
    candidates = (smooth > _SPLEEN_HU[0]) & (smooth < _SPLEEN_HU[1])
    opened = ndimage.binary_opening(candidates, _ball(volume, _OPENING_MM))
    spleen = _largest_on_the_left(opened, smooth > _BODY_HU)
    return Volume(
        ndimage.binary_fill_holes(spleen).astype("u1"), volume.spacing_mm, volume.origin_mm
    )


def window(volume: Volume) -> Volume:
    """Return ``volume`` as 8-bit grey values, for a renderer."""
    low, high = _WINDOW_HU
    grey = (volume.voxels.astype("f4") - low) * (255 / (high - low))
    return Volume(np.clip(grey, 0, 255).astype("u1"), volume.spacing_mm, volume.origin_mm)


def _smoothed(volume: Volume) -> npt.NDArray[np.float32]:
    """Return the volume without its noise: outliers first, then a Gaussian of even width in mm."""
    quiet = ndimage.median_filter(volume.voxels.astype("f4"), size=(1, 3, 3))
    sigmas = [_SMOOTHING_MM / step for step in reversed(volume.spacing_mm)]
    smooth: npt.NDArray[np.float32] = ndimage.gaussian_filter(quiet, sigmas)
    return smooth


def _ball(volume: Volume, radius_mm: float) -> npt.NDArray[np.bool_]:
    """Return a ball on the grid of ``volume``, one voxel at least in each direction."""
    steps = tuple(reversed(volume.spacing_mm))
    reach = [max(1, int(radius_mm // step)) for step in steps]
    grid = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    distance = sum(((axis / n) ** 2 for axis, n in zip(grid, reach, strict=True)), np.zeros(()))
    return distance <= 1


def _largest_on_the_left(
    candidates: npt.NDArray[np.bool_], body: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return the largest piece whose middle lies left of the body's; the liver lies right."""
    labels, count = ndimage.label(candidates)
    if count == 0 or not body.any():
        raise NoSpleenError("no tissue in the spleen's range of Hounsfield units")
    pieces = range(1, count + 1)
    middle = ndimage.center_of_mass(body)[2]
    columns = np.array([centre[2] for centre in ndimage.center_of_mass(candidates, labels, pieces)])
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    sizes[columns <= middle] = 0
    if not sizes.any():
        raise NoSpleenError("no tissue like a spleen in the left half of the body")
    spleen: npt.NDArray[np.bool_] = labels == int(sizes.argmax()) + 1
    return spleen


def main() -> None:
    """Read the volume, write the mask and what a renderer needs."""
    volume = read_volume(input_folder("/input") / VOLUME_FILE)
    try:
        mask = segment(volume)
    except NoSpleenError as error:
        sys.exit(f"spleen-segmentation: {error}")
    write_volume(mask, output_folder("/output", "segmentation") / MASK_FILE)
    rendering = output_folder("/publish", "rendering")
    write_volume(window(volume), rendering / VOLUME_FILE)
    write_volume(mask, rendering / MASK_FILE)
    millilitres = mask.voxels.sum(dtype=int) * np.prod(mask.spacing_mm) / 1000
    print(f"spleen of {millilitres:.0f} ml found")


if __name__ == "__main__":
    main()
