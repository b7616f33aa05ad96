import pytest
from hypothesis import given
from hypothesis import strategies as st
from sizing_examples import MS, run, sample, spotless

from cpost.meter.sample import Rung
from cpost.sizing.cpu_use import End
from cpost.sizing.sized_run import size_run
from cpost.sizing.usage import usage

STEP_MS = 1000
loads = st.lists(st.integers(0, 400), min_size=2, max_size=30)  # percent of a core, each second


def counter(load, at_ms):
    """The known counter, in usec, of a load that changes only at whole seconds."""
    whole, rest_ms = divmod(at_ms, STEP_MS)
    return sum(load[:whole]) * 10_000 + (load[whole] * 10 * rest_ms if rest_ms else 0)


def sampled(load, interval_ms, duration_ms, **totals):
    """A run of that load, sampled until its end, which no sample meets."""
    samples = [
        sample(at_ms, counter(load, at_ms), pids=1) for at_ms in range(0, duration_ms, interval_ms)
    ]
    total_usec = counter(load, duration_ms)
    return run(samples, duration_ms=duration_ms, cpu_usage_usec=total_usec, **totals)


@given(loads, st.sampled_from([10, 100, 1000]))
def test_the_maximum_does_not_depend_on_the_interval(load, interval_ms):
    duration_ms = STEP_MS * len(load)
    expected = max(load) / 100
    summary = size_run(sampled(load, interval_ms, duration_ms)).summary
    assert summary.cpu_maximum_cores == pytest.approx(expected, rel=0.03, abs=1e-9)


@given(loads)
def test_the_maximum_is_the_same_at_each_interval_even_if_the_end_lies_between_samples(load):
    duration_ms = STEP_MS * len(load) - 370
    found = [
        size_run(sampled(load, interval_ms, duration_ms)).summary.cpu_maximum_cores
        for interval_ms in (10, 100, 1000)
    ]
    assert max(found) <= min(found) * 1.03 + 1e-9


def test_what_was_used_after_the_last_sample_is_in_a_window():
    one = run([sample(0, 0), sample(1000, 0)], duration_ms=2000, cpu_usage_usec=3_000_000)
    assert size_run(one).summary.cpu_maximum_cores == 3.0


def test_a_sample_from_after_the_end_does_not_stretch_it():
    told = usage([sample(0, 0, pids=1), sample(9000, 1_000_000, pids=0)], End(1000 * MS, 1_000_000))
    assert told.cpu_window_cores == 1.0
    assert told.cores_profile_ns == (1000 * MS,)


def test_an_end_before_a_living_sample_is_of_another_clock():
    alive = [sample(k * 500, k * 100_000, pids=1) for k in range(9)]
    told = usage(alive, End(10 * MS, 900_000))
    assert told.cpu_window_cores == pytest.approx(0.2)
    assert not told.cpu_went_backwards


def test_the_end_is_placed_on_the_clock_of_the_samples():
    far = [one._replace(at_ns=one.at_ns + 77 * MS) for one in (sample(0, 0), sample(1000, 0))]
    assert usage(far, End(1500 * MS, 500_000)).cores_profile_ns == (500 * MS,)


@pytest.mark.parametrize("rung", [Rung.CONTAINER_CGROUP_V2, Rung.ENGINE_STATS, None])
def test_totals_that_are_not_of_the_end_are_no_reading_of_it(rung):
    one = run(
        [sample(0, 0), sample(1000, 0)], duration_ms=60_000, cpu_usage_usec=30_000_000, rung=rung
    )
    assert size_run(one).summary.cores_profile_s == ()


def test_a_container_whose_end_was_seen_ends_there_on_any_rung():
    one = run(
        [sample(0, 0), sample(1000, 0)],
        duration_ms=2000,
        cpu_usage_usec=2_000_000,
        unseen_end_usec=0,
        rung=Rung.CONTAINER_CGROUP_V2,
    )
    assert size_run(one).summary.cores_profile_s == (1.0, 1.0)


def test_the_profile_is_told_in_seconds():
    assert size_run(spotless(cpu_usage_usec=2_000_000)).summary.cores_profile_s == ()
    busy = sampled([100, 200, 0], 100, 3000)
    assert size_run(busy).summary.cores_profile_s == pytest.approx((2.0, 1.0))
