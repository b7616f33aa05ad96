"""Finding the spleen in a contrast-enhanced CT volume, with numpy alone.

Classical image processing, no network of neurons: tissue in the spleen's range of Hounsfield
units, without what is thin, and of what hangs together the largest piece in the patient's left
half. Lengths are in voxels, as the model takes one spacing only: 1.5 mm.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]

_SPLEEN_HU = (80, 145)
_BODY_HU = -300
_SMOOTHING_VOXELS = 3  # the width of a box, applied twice
# Rims of brighter organs have the spleen's brightness, too; they are no thicker than twice this.
_RIM_VOXELS = 2
_ROUNDING_VOXELS = 5


class NoSpleenError(ValueError):
    """Nothing in the volume looks like a spleen."""


def find_spleen(volume_hu: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """Return the spleen as a mask of 0 and 1 on the grid of ``volume_hu``; NoSpleenError.

    Slices run to the head, rows to the back, columns to the patient's left.
    """
    smooth = _box_mean(_box_mean(volume_hu.astype("f4"), _SMOOTHING_VOXELS), _SMOOTHING_VOXELS)
    candidates = (smooth > _SPLEEN_HU[0]) & (smooth < _SPLEEN_HU[1])
    labels = _labelled(_eroded(candidates, _RIM_VOXELS))
    core = labels == _largest_on_the_left(labels, _middle_column(smooth > _BODY_HU))
    spleen = candidates & ~_eroded(~core, _RIM_VOXELS)
    rounded = _box_mean(spleen.astype("f4"), _ROUNDING_VOXELS) > 0.5
    return rounded.astype(np.uint8)


def _box_mean(volume: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """Return the mean of the box of ``width`` voxels (odd) around each voxel.

    At the edges the outermost voxels are taken to go on.
    """
    for axis in range(volume.ndim):
        padding = [(width // 2, width // 2) if one == axis else (0, 0) for one in range(3)]
        wide = np.moveaxis(np.pad(volume, padding, mode="edge"), axis, 0)
        length = volume.shape[axis]
        total = sum((wide[shift : shift + length] for shift in range(1, width)), wide[:length])
        volume = np.moveaxis(total / np.float32(width), 0, axis)
    return volume


def _eroded(mask: Mask, voxels: int) -> Mask:
    """Return ``mask`` without what lies within ``voxels`` of its surface.

    The volume's own edges are no surface. The negation of the eroded negation is a dilation.
    """
    for axis in range(mask.ndim):
        along = np.moveaxis(mask, axis, 0)
        shrunk = along.copy()
        for shift in range(1, voxels + 1):
            shrunk[shift:] &= along[:-shift]
            shrunk[:-shift] &= along[shift:]
        mask = np.moveaxis(shrunk, 0, axis)
    return mask


def _labelled(mask: Mask) -> npt.NDArray[np.int32]:
    """Return a number for each voxel of ``mask``, 0 elsewhere.

    Voxels have the same number where a way of voxels that touch with their faces joins them.
    """
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = np.arange(1, mask.sum() + 1, dtype=np.int32)
    before = np.zeros_like(labels)
    while not np.array_equal(labels, before):
        before = labels.copy()
        for axis in range(mask.ndim):
            along, within = np.moveaxis(labels, axis, 0), np.moveaxis(mask, axis, 0)
            _spread(along, within)
            _spread(along[::-1], within[::-1])
    return labels


def _spread(labels: npt.NDArray[np.int32], within: Mask) -> None:
    """Carry labels from each plane to the next, the higher label winning, inside the mask."""
    for number in range(1, len(labels)):
        plane = labels[number]
        np.maximum(plane, labels[number - 1], out=plane, where=within[number])


def _middle_column(body: Mask) -> float:
    """Return the column through the middle of the body; NoSpleenError where there is none."""
    voxels_of_column = body.sum(axis=(0, 1))
    if not voxels_of_column.any():
        raise NoSpleenError("the volume holds nothing but air")
    return float(np.average(np.arange(body.shape[2]), weights=voxels_of_column))


def _largest_on_the_left(labels: npt.NDArray[np.int32], middle_column: float) -> int:
    """Return the label of the largest piece whose middle lies left of the body's.

    The liver lies right. NoSpleenError where there is no such piece.
    """
    columns = np.nonzero(labels)[2]
    owners = labels[labels > 0]
    sizes = np.bincount(owners, minlength=1)
    column_sums = np.bincount(owners, weights=columns, minlength=1)
    sizes[column_sums <= middle_column * sizes] = 0
    if not sizes.any():
        raise NoSpleenError("no tissue like a spleen in the left half of the body")
    return int(sizes.argmax())
