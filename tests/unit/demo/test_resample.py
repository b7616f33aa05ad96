from __future__ import annotations

import numpy as np

from check_result import dice
from operators.metaimage import Volume
from operators.resample import at_spacing, mask_like

ORIGIN = (0.0, 0.0, 0.0)


def test_a_slope_stays_a_slope_along_each_axis() -> None:
    z, y, x = np.meshgrid(np.arange(5), np.arange(6), np.arange(7), indexing="ij")
    volume = Volume((120 * z + 60 * y + 30 * x).astype("<i2"), (1.0, 2.0, 4.0), ORIGIN)
    fine = at_spacing(volume, 0.5)
    assert fine.voxels.shape == (33, 21, 13)
    assert fine.spacing_mm == (0.5, 0.5, 0.5)
    # 30 HU a millimetre each way.
    assert fine.voxels[8, 4, 2] == 30 * (4 + 2 + 1)
    assert fine.voxels[-1, -1, -1] == volume.voxels[-1, -1, -1]


def test_the_same_spacing_changes_nothing() -> None:
    voxels = np.random.default_rng(1).integers(-1000, 1000, (4, 5, 6)).astype("<i2")
    volume = Volume(voxels, (1.5, 1.5, 1.5), ORIGIN)
    assert np.array_equal(at_spacing(volume, 1.5).voxels, voxels)


def test_a_mask_comes_back_onto_the_grid_it_was_found_for() -> None:
    z, y, x = np.meshgrid(*[np.arange(40)] * 3, indexing="ij")
    ball = ((x - 20) ** 2 + (y - 20) ** 2 + (z - 20) ** 2 < 15**2).astype(np.uint8)
    grid = Volume(ball, (1.0, 1.0, 1.0), (5.0, 6.0, 7.0))
    coarse = at_spacing(Volume(ball * np.int16(2), grid.spacing_mm, grid.origin_mm), 1.5)
    back = mask_like(Volume((coarse.voxels > 0).astype("u1"), coarse.spacing_mm, ORIGIN), grid)
    assert back.origin_mm == grid.origin_mm
    assert set(np.unique(back.voxels)) == {0, 1}
    assert dice(back.voxels, ball) > 0.9


def test_a_grid_that_reaches_further_than_the_mask_gets_its_last_voxel() -> None:
    mask = Volume(np.ones((2, 2, 2), np.uint8), (1.5, 1.5, 1.5), ORIGIN)
    grid = Volume(np.zeros((3, 3, 3), np.uint8), (1.0, 1.0, 1.0), ORIGIN)
    assert mask_like(mask, grid).voxels.all()
