"""Volumes on another grid, by linear interpolation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from operators.metaimage import Volume

# Positions in DICOM files are rounded: a last voxel that is missed by a hair is there.
_ROUNDING = 1e-3

Image = npt.NDArray[np.float32]


def at_spacing(volume: Volume, spacing_mm: float) -> Volume:
    """Return ``volume`` with voxels ``spacing_mm`` apart each way, over the same space."""
    steps_mm = tuple(reversed(volume.spacing_mm))
    shape = tuple(
        int((length - 1) * step_mm / spacing_mm + _ROUNDING) + 1
        for length, step_mm in zip(volume.voxels.shape, steps_mm, strict=True)
    )
    scales = tuple(spacing_mm / step_mm for step_mm in steps_mm)
    voxels = np.empty(shape, volume.voxels.dtype)
    for number, image in enumerate(_images(volume.voxels, shape, scales)):
        voxels[number] = np.rint(image)
    return Volume(voxels, (spacing_mm,) * 3, volume.origin_mm)


def mask_like(mask: Volume, grid: Volume) -> Volume:
    """Return ``mask`` (0 and 1) on the voxels of ``grid``, which begins at the same place."""
    scales = tuple(
        to_mm / from_mm
        for to_mm, from_mm in zip(reversed(grid.spacing_mm), reversed(mask.spacing_mm), strict=True)
    )
    voxels = np.empty(grid.voxels.shape, np.uint8)
    for number, image in enumerate(_images(mask.voxels, voxels.shape, scales)):
        voxels[number] = image > 0.5
    return Volume(voxels, grid.spacing_mm, grid.origin_mm)


@dataclass(frozen=True, slots=True)
class _Places:
    """Between which two voxels of a line each new one lies, and how near to the second."""

    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    share: Image

    @classmethod
    def along(cls, length: int, wanted: int, scale: float) -> _Places:
        """Return the places of ``wanted`` voxels, ``scale`` old ones apart, on ``length`` old ones.

        What lies beyond the last voxel lies on it.
        """
        places = np.minimum(np.arange(wanted) * scale, length - 1)
        first = places.astype(np.intp)
        return cls(first, np.minimum(first + 1, length - 1), (places - first).astype("f4"))


def _images(
    voxels: npt.NDArray[Any], shape: tuple[int, ...], scales: tuple[float, ...]
) -> Iterator[Image]:
    """Yield slices of ``shape``; a volume of floats as a whole would be several times as large."""
    z, y, x = (
        _Places.along(length, wanted, scale)
        for length, wanted, scale in zip(voxels.shape, shape, scales, strict=True)
    )
    for first, second, share in zip(z.first, z.second, z.share, strict=True):
        image = _between(voxels[first], voxels[second], share)
        image = _between(image[y.first], image[y.second], y.share[:, np.newaxis])
        yield _between(image[:, x.first], image[:, x.second], x.share)


def _between(first: npt.NDArray[Any], second: npt.NDArray[Any], share: Any) -> Image:
    image: Image = first.astype("f4") * (1 - share) + second.astype("f4") * share
    return image
