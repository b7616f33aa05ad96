from __future__ import annotations

import random

import pytest

from benchmarks.truth.statistic import lateness_ns, median_interval, percentile

MS = 1_000_000


def test_of_ten_values_the_median_lies_between_the_second_and_the_ninth() -> None:
    values = [10.0, 1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0, 5.0]
    assert median_interval(values) == (2.0, 9.0)


@pytest.mark.parametrize(("count", "expected"), [(5, None), (6, (1.0, 6.0))])
def test_fewer_than_six_values_tell_nothing_of_the_median(
    count: int, expected: tuple[float, float] | None
) -> None:
    assert median_interval([float(one) for one in range(1, count + 1)]) == expected


def test_the_interval_holds_the_true_median_as_often_as_it_says() -> None:
    chance = random.Random(7)
    hit = 0
    for _ in range(500):
        interval = median_interval([chance.expovariate(1.0) for _ in range(10)])
        assert interval is not None
        hit += interval[0] <= 0.6931 <= interval[1]
    assert hit / 500 > 0.95


def test_a_percentile_is_one_of_the_values() -> None:
    values = list(range(1, 201))
    assert percentile(values, 50) == 100
    assert percentile(values, 99) == 198
    assert percentile([3], 99) == 3


def test_a_late_sample_is_late_by_what_it_is_off_its_tick() -> None:
    at_ns = [1_000 * MS, 1_050 * MS, 1_103 * MS, 1_150 * MS, 1_300 * MS]
    assert lateness_ns(at_ns, 50 * MS) == [0, 0, 3 * MS, 0, 0]


def test_a_first_sample_that_was_late_makes_no_other_one_late() -> None:
    at_ns = [1_030 * MS, 1_050 * MS, 1_100 * MS, 1_151 * MS]
    assert lateness_ns(at_ns, 50 * MS) == [30 * MS, 0, 0, 1 * MS]


def test_where_the_ticks_lie_makes_no_difference() -> None:
    at_ns = [one * 50 * MS + late * MS for one, late in enumerate([0, 2, 0, 1])]
    for shift in (0, 1, 49 * MS, 12_345):
        moved = [one + shift for one in at_ns]
        assert lateness_ns(moved, 50 * MS) == [0, 2 * MS, 0, 1 * MS]


def test_without_samples_nothing_is_late() -> None:
    assert lateness_ns([], 50 * MS) == []
