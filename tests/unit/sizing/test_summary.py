import dataclasses

import pytest
from sizing_examples import MB, run, sample, steady

from cpost.record.run import RunState
from cpost.sizing.sized_run import size_run


def summarise(one):
    return size_run(one).summary


def test_the_average_is_the_exact_total_by_the_exact_duration():
    summary = summarise(run(steady(4, 1.0), duration_ms=5000, cpu_usage_usec=7_500_000))
    assert summary.cpu_total_s == 7.5
    assert summary.duration_s == 5.0
    assert summary.cpu_average_cores == 1.5


def test_a_steady_run_has_its_rate_as_maximum():
    summary = summarise(
        run(steady(4, 0.5), duration_ms=4000, cpu_usage_usec=2_000_000, memory_peak_bytes=60 * MB)
    )
    assert summary.cpu_maximum_cores == pytest.approx(0.5)


def test_the_memory_peak_is_the_kernels_own_even_if_no_sample_saw_it():
    summary = summarise(run(steady(4, 0.5), duration_ms=4000, memory_peak_bytes=900 * MB))
    assert summary.memory_peak_bytes == 900 * MB
    assert not summary.memory_peak_sampled


def test_without_the_kernels_peak_the_highest_sample_has_to_do_and_is_marked():
    summary = summarise(run(steady(4, 0.5), duration_ms=4000))
    assert summary.memory_peak_bytes == 50 * MB
    assert summary.memory_peak_sampled


def test_a_run_of_milliseconds_without_a_sample_has_what_its_totals_tell():
    summary = summarise(
        run(duration_ms=20, cpu_usage_usec=15_000, memory_peak_bytes=3 * MB),
    )
    assert summary.cpu_total_s == 0.015
    assert summary.cpu_average_cores == summary.cpu_maximum_cores == 0.015
    assert summary.memory_peak_bytes == 3 * MB
    assert not summary.memory_peak_sampled
    assert summary.memory_average_bytes is None
    assert summary.hard_peak_bytes is None


def test_a_run_under_a_second_has_its_average_as_maximum_whatever_its_samples_span():
    samples = [sample(0, 0), sample(1100, 900_000)]  # the last one was taken after the end
    summary = summarise(run(samples, duration_ms=900, cpu_usage_usec=900_000))
    assert summary.cpu_maximum_cores == 1.0


def test_the_maximum_is_never_below_the_average():
    # Half a core-second at either end of 1.5 s: no single second holds more than a third.
    samples = [sample(0, 0), sample(250, 250_000), sample(1250, 250_000), sample(1500, 500_000)]
    summary = summarise(run(samples, duration_ms=1500, cpu_usage_usec=500_000))
    assert summary.cpu_maximum_cores == summary.cpu_average_cores == pytest.approx(1 / 3)


def test_one_sample_of_a_long_run_leaves_the_average_as_the_best_known_maximum():
    summary = summarise(run([sample(0, 0)], duration_ms=30_000, cpu_usage_usec=60_000_000))
    assert summary.cpu_maximum_cores == 2.0


def test_without_totals_the_samples_tell_the_rest():
    summary = summarise(run(steady(2, 0.25)))
    assert summary.duration_s == 2.0
    assert summary.cpu_total_s == 0.5
    assert summary.cpu_average_cores == 0.25


def test_nothing_measured_is_none_not_zero():
    summary = summarise(run(state=RunState.SKIPPED))
    known = {
        name: value
        for name, value in dataclasses.asdict(summary).items()
        if value is not None and name not in {"sample_count", "memory_peak_sampled"}
    }
    assert known == {}
    assert not summary.memory_peak_sampled


def test_an_operator_that_used_no_cpu_is_known_to_have_used_none():
    summary = summarise(run(duration_ms=500, cpu_usage_usec=0))
    assert summary.cpu_total_s == summary.cpu_average_cores == summary.cpu_maximum_cores == 0.0


def test_no_duration_means_no_rate_but_still_a_total():
    summary = summarise(run(cpu_usage_usec=5))
    assert summary.cpu_total_s == 5e-6
    assert summary.cpu_average_cores is None
    assert summary.cpu_maximum_cores is None


def test_the_start_of_a_container_does_not_make_a_short_operator_look_busy():
    # As seen: 24 ms of CPU time to start a container whose `true` then takes 2 ms.
    over = [sample(147, 27_454, pids=0), sample(148, 27_454, pids=0)]
    summary = summarise(run(over, duration_ms=2, cpu_usage_usec=27_454))
    assert summary.cpu_total_s == 0.027454
    assert summary.cpu_average_cores == summary.cpu_maximum_cores == 0.027454


def test_the_average_of_a_short_run_counts_from_its_first_sample():
    # One busy core for half a second, behind a start of 40 ms.
    samples = [sample(20, 60_000), sample(120, 160_000), sample(220, 260_000), sample(510, 540_000)]
    summary = summarise(run(samples, duration_ms=500, cpu_usage_usec=540_000))
    assert summary.cpu_average_cores == summary.cpu_maximum_cores == 1.0


def test_the_average_of_a_longer_run_is_its_cpu_time_by_its_duration_start_included():
    samples = [sample(20 + 100 * k, 60_000 + 100_000 * k, memory_bytes=1) for k in range(12)]
    summary = summarise(run(samples, duration_ms=1200, cpu_usage_usec=1_240_000))
    assert summary.cpu_average_cores == 1.24 / 1.2
    assert summary.cpu_maximum_cores == summary.cpu_average_cores


def test_a_first_sample_that_came_late_is_not_taken_for_the_start():
    late = run([sample(600, 300_000)], duration_ms=800, cpu_usage_usec=400_000)
    assert summarise(late).cpu_maximum_cores == summarise(late).cpu_average_cores == 0.4


def test_a_first_sample_from_before_the_start_is_of_another_clock():
    samples = [sample(0, 200_000), sample(400, 400_000)]
    early = run(samples, duration_ms=400, cpu_usage_usec=400_000, started_wall_ns=10**12)
    assert summarise(early).cpu_maximum_cores == 0.4


def test_the_kernels_mark_of_processes_goes_before_the_highest_sample():
    samples = steady(4, pids=3)
    assert summarise(run(samples, duration_ms=4000, pids_peak=9)).pids_peak == 9
    assert summarise(run(samples, duration_ms=4000)).pids_peak == 3


def test_a_mark_of_no_processes_was_read_of_nobody():
    assert summarise(run(duration_ms=2, pids_peak=0)).pids_peak is None


def test_only_samples_from_after_the_end_are_no_measure_of_memory():
    summary = summarise(run([sample(9, 0, 100_000, pids=0)], duration_ms=2))
    assert summary.memory_peak_bytes is None
    assert not summary.memory_peak_sampled
