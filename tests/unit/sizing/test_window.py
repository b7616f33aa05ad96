from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sizing_examples import MS

from cpost.sizing.window import HighestWindow

WIDTH = 1000 * MS

steps = st.lists(
    st.tuples(st.integers(1, 3000), st.integers(0, 5_000_000)), min_size=1, max_size=40
)


def curve(growth):
    """Readings at (ns, usec) from steps of (ms, usec)."""
    at_ns, usec = 7 * MS, 123
    readings = [(at_ns, usec)]
    for elapsed_ms, used_usec in growth:
        at_ns += elapsed_ms * MS
        usec += used_usec
        readings.append((at_ns, usec))
    return readings


def highest(readings, width_ns=WIDTH):
    window = HighestWindow(width_ns)
    for at_ns, usec in readings:
        window.add(at_ns, usec)
    return window.highest_cores


def exactly_at(readings, at_ns):
    for (before_ns, before), (after_ns, after) in pairwise(readings):
        if before_ns <= at_ns <= after_ns:
            return before + Fraction((after - before) * (at_ns - before_ns), after_ns - before_ns)
    raise AssertionError(f"{at_ns} lies outside")


def brute_force(readings):
    """Every window that starts at, ends at, or lies evenly between readings, in exact numbers."""
    first_ns, last_ns = readings[0][0], readings[-1][0]
    starts = {at for at, _ in readings} | {at - WIDTH for at, _ in readings}
    starts |= {first_ns + (last_ns - WIDTH - first_ns) * k // 97 for k in range(98)}
    growths = [
        exactly_at(readings, start + WIDTH) - exactly_at(readings, start)
        for start in starts
        if first_ns <= start <= last_ns - WIDTH
    ]
    return float(max(growths) * 1000 / WIDTH) if growths else None


@given(steps)
def test_it_finds_what_trying_every_window_finds(growth):
    readings = curve(growth)
    expected = brute_force(readings)
    if expected is None:
        assert highest(readings) is None
    else:
        assert highest(readings) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(steps)
def test_it_never_exceeds_the_steepest_step(growth):
    found = highest(curve(growth))
    steepest = max(used / (elapsed * 1000) for elapsed, used in growth)
    assert found is None or found <= steepest * (1 + 1e-9)


@given(steps)
def test_as_many_windows_as_cover_the_run_could_hold_all_its_usage(growth):
    readings = curve(growth)
    found = highest(readings)
    if found is not None:
        (first_ns, first), (last_ns, last) = readings[0], readings[-1]
        windows = -(-(last_ns - first_ns) // WIDTH)
        assert found * 1_000_000 * windows >= (last - first) * (1 - 1e-9)


@given(steps, st.integers(2, 7))
def test_it_does_not_depend_on_how_often_the_counter_is_read(growth, parts):
    coarse = curve(growth)
    fine = [coarse[0]]
    for (before_ns, before), (after_ns, after) in pairwise(coarse):
        # Readings of whole microseconds lie on the line only where the step divides evenly.
        scale = [Fraction(k, parts) for k in range(1, parts + 1)]
        fine += [
            (before_ns + (after_ns - before_ns) * s, before + (after - before) * s) for s in scale
        ]
    expected = highest(coarse)
    if expected is None:
        assert highest(fine) is None
    else:
        assert float(highest(fine)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_burst_between_readings_is_found_wherever_the_window_must_start():
    # 0.4 s of two cores, straddling: 0.3 .. 0.7 s, read each 0.1 s.
    readings = [(k * 100 * MS, max(0, min(k, 7) - 3) * 200_000) for k in range(31)]
    assert highest(readings) == pytest.approx(0.8)


def test_one_gap_wider_than_the_window_gives_the_average_over_the_gap():
    assert highest([(0, 0), (60_000 * MS, 30_000_000)]) == pytest.approx(0.5)


def test_readings_that_span_less_than_a_window_tell_nothing():
    assert highest([]) is None
    assert highest([(0, 5)]) is None
    assert highest([(0, 5), (999 * MS, 50)]) is None


def test_readings_that_span_exactly_a_window_are_that_window():
    assert highest([(0, 0), (1000 * MS, 2_500_000)]) == 2.5


def test_a_counter_that_goes_backwards_gives_neither_a_negative_nor_a_huge_rate():
    window = HighestWindow(WIDTH)
    for k in range(40):
        window.add(k * 100 * MS, 0 if k == 20 else 10**12 + k * 50_000)
    assert window.went_backwards
    assert window.highest_cores == pytest.approx(0.5)
    assert window.counter_usec == 10**12 + 39 * 50_000


def test_a_counter_that_only_grows_went_not_backwards():
    window = HighestWindow(WIDTH)
    for k in range(40):
        window.add(k * 100 * MS, k // 3)
    assert not window.went_backwards


def test_two_readings_of_one_moment_are_no_infinite_rate():
    assert highest([(0, 0), (500 * MS, 0), (500 * MS, 900_000), (2000 * MS, 900_000)]) <= 1.8


def test_a_day_of_readings_is_looked_at_in_little_memory():
    window = HighestWindow(WIDTH)
    for k in range(20_000):
        window.add(k * 100 * MS, k * 10)
        assert len(window._points) <= 12
