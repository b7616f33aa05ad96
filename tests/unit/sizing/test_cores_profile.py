import pytest
from hypothesis import given
from hypothesis import strategies as st
from sizing_examples import MS

from cpost.sizing.cores_profile import CoresProfile


def profile(readings):
    seen = CoresProfile()
    for at_ms, usec in readings:
        seen.add(at_ms * MS, usec)
    return seen.at_least_ns


def curve(interval_ms, *phases):
    """Readings each ``interval_ms`` of phases of (ms, cores)."""
    readings = [(0, 0)]
    for length_ms, cores in phases:
        for _ in range(length_ms // interval_ms):
            at_ms, usec = readings[-1]
            readings.append((at_ms + interval_ms, usec + round(interval_ms * 1000 * cores)))
    return readings


def test_time_is_told_for_each_number_of_cores():
    told = profile(curve(100, (2000, 0.5), (3000, 1.0), (1000, 3.0)))
    assert told == (4000 * MS, 1000 * MS, 1000 * MS)


@pytest.mark.parametrize("interval_ms", [10, 100, 1000])
def test_the_interval_does_not_matter_to_a_load_that_does_not_change_within(interval_ms):
    told = profile(curve(interval_ms, (5000, 2.0), (4000, 0.2), (3000, 4.0)))
    at_a_change = 100 * MS  # one window lies across each
    expected = [one * MS for one in (8000, 8000, 3000, 3000)]
    assert list(told) == pytest.approx(expected, abs=2 * at_a_change)


def test_a_busy_thread_that_loses_a_little_is_one_core():
    assert profile(curve(100, (1000, 0.96))) == (1000 * MS,)
    assert profile(curve(100, (1000, 0.94))) == ()


def test_samples_that_come_a_little_early_are_windows_of_their_own():
    assert profile([(0, 0), (99, 198_000), (200, 198_000)]) == (99 * MS, 99 * MS)


def test_what_never_needed_a_core_has_an_empty_profile():
    assert profile(curve(100, (1000, 0.1))) == ()


def test_too_few_readings_tell_nothing():
    assert profile([]) is None
    assert profile([(0, 0)]) is None
    assert profile([(0, 0), (50, 50_000)]) is None


def test_a_counter_that_goes_backwards_is_passed_over():
    assert profile([(0, 900_000), (100, 0), (200, 1_000_000)]) == ()


def test_a_misread_counter_makes_no_list_of_any_length():
    assert len(profile([(0, 0), (100, 10**15)])) == 1024


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 9)), max_size=20))
def test_more_cores_are_never_busy_for_longer(phases):
    told = profile(curve(100, *((100 * count, cores) for count, cores in phases))) or ()
    assert list(told) == sorted(told, reverse=True)
