"""How the model tells one piece of tissue from another."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators import model_here

_SPEC = importlib.util.spec_from_file_location("spleen_under_test", model_here.FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
spleen = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(spleen)


def neighbours_by_hand(mask: np.ndarray, start: tuple[int, ...]) -> set[tuple[int, ...]]:
    """All voxels that a way over faces joins with ``start``."""
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for axis in range(3):
            for step in (-1, 1):
                there = tuple(n + step * (axis == one) for one, n in enumerate(here))
                inside = all(0 <= n < size for n, size in zip(there, mask.shape, strict=True))
                if inside and mask[there] and there not in found:
                    found.add(there)
                    waiting.append(there)
    return found


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_voxels_have_the_same_label_where_a_way_joins_them(seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((4, 5, 6)) < share
    labels = spleen._labelled(mask)
    assert np.array_equal(labels > 0, mask)
    for label in np.unique(labels[mask]):
        piece = {tuple(map(int, voxel)) for voxel in np.argwhere(labels == label)}
        assert piece == neighbours_by_hand(mask, next(iter(piece)))


def test_a_way_that_winds_is_one_piece() -> None:
    mask = np.zeros((1, 9, 9), bool)
    mask[0, ::2] = True
    mask[0, 1::4, -1] = mask[0, 3::4, 0] = True
    assert len(np.unique(spleen._labelled(mask)[mask])) == 1


def test_what_is_thin_is_eroded_away_and_what_is_thick_comes_back() -> None:
    mask = np.zeros((20, 20, 20), bool)
    mask[4:14, 4:14, 4:14] = True
    mask[16:18] = True  # a sheet of two voxels
    core = spleen._eroded(mask, 2)
    assert core.sum() == 6**3
    back = ~spleen._eroded(~core, 2)
    assert np.array_equal(np.argwhere(back).min(0), [4, 4, 4])
    assert back.sum() == 10**3


def test_the_box_mean_keeps_what_is_even_and_spreads_a_point_over_its_box() -> None:
    even = np.full((5, 6, 7), 3, np.float32)
    assert np.allclose(spleen._box_mean(even, 3), even)
    point = np.zeros((7, 7, 7), np.float32)
    point[3, 3, 3] = 27
    assert np.allclose(spleen._box_mean(point, 3)[2:5, 2:5, 2:5], 1)
    assert spleen._box_mean(point, 3).sum() == pytest.approx(27)


def test_a_larger_piece_on_the_right_does_not_count() -> None:
    labels = np.zeros((1, 1, 10), np.int32)
    labels[..., :5], labels[..., 7:9] = 4, 9
    assert spleen._largest_on_the_left(labels, 4.5) == 9
