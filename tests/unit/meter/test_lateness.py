from hypothesis import given
from hypothesis import strategies as st

from cpost.meter.lateness import Lateness


def counted(*late_ns: int) -> Lateness:
    lateness = Lateness()
    for one in late_ns:
        lateness.add(one)
    return lateness


def test_of_no_samples_there_is_no_percentile() -> None:
    assert Lateness().percentile_ns(50) is None


def test_short_times_are_told_to_the_nanosecond() -> None:
    lateness = counted(*range(1, 21))
    assert [lateness.percentile_ns(percent) for percent in (50, 95, 100)] == [10, 19, 20]


def test_too_early_is_not_late() -> None:
    assert counted(-5).percentile_ns(50) == 0


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=200),
    st.sampled_from([1, 50, 90, 99, 100]),
)
def test_a_percentile_is_right_within_a_sixteenth(late_ns: list[int], percent: int) -> None:
    exact = sorted(late_ns)[max(1, -(-len(late_ns) * percent // 100)) - 1]
    told = counted(*late_ns).percentile_ns(percent)
    assert told is not None
    assert exact <= told <= exact * 17 / 16


def test_a_day_of_samples_takes_no_more_memory_than_a_minute() -> None:
    lateness = Lateness()
    for one in range(100_000):
        lateness.add(one * 999_983)
    assert lateness.count == 100_000
    assert len(lateness._bins) < 1000
