from sizing_examples import MB, MS, sample

from cpost.sizing.usage import usage


def test_no_samples_tell_nothing():
    told = usage([])
    assert told.sample_count == 0
    assert told.cpu_usage_usec is None
    assert told.cpu_window_cores is None
    assert told.memory_average_bytes is None
    assert told.memory_maximum_bytes is None
    assert told.working_set_maximum_bytes is None
    assert told.hard_maximum_bytes is None


def test_a_single_sample_tells_levels_but_no_rate():
    told = usage([sample(5, 1000, 7 * MB)])
    assert told.cpu_usage_usec == 1000
    assert told.cpu_window_cores is None
    assert told.memory_average_bytes == 7 * MB
    assert told.longest_gap_ns == 0


def test_memory_is_averaged_by_time_not_by_samples():
    told = usage(
        [sample(0, 0, 100), sample(900, 0, 100), sample(950, 0, 500), sample(1000, 0, 500)]
    )
    assert told.memory_average_bytes == (900 * 100 + 50 * 300 + 50 * 500) / 1000


def test_memory_left_after_the_end_does_not_count_into_the_average():
    alive = [sample(k * 100, 0, 80 * MB, pids=2) for k in range(10)]
    told = usage([*alive, sample(60_000, 0, 2 * MB, pids=0)])
    assert told.memory_average_bytes == 80 * MB


def test_memory_before_the_first_process_does_not_count_either():
    told = usage([sample(0, 0, 0, pids=0), sample(900, 0, 50, pids=1), sample(1000, 0, 50, pids=1)])
    assert told.memory_average_bytes == 50


def test_maxima_are_those_of_the_samples():
    told = usage(
        [
            sample(0, 0, 300, inactive_file_bytes=250, hard_bytes=40),
            sample(100, 0, 200, inactive_file_bytes=20, hard_bytes=60),
            sample(200, 0, 100, inactive_file_bytes=0, hard_bytes=50),
        ]
    )
    assert told.memory_maximum_bytes == 300
    assert told.working_set_maximum_bytes == 180
    assert told.hard_maximum_bytes == 60


def test_what_only_some_samples_tell_is_taken_from_them():
    told = usage([sample(0), sample(100, hard_bytes=5), sample(200)])
    assert told.hard_maximum_bytes == 5
    assert told.working_set_maximum_bytes is None


def test_the_longest_gap_and_the_span_are_told():
    told = usage([sample(10), sample(110), sample(460), sample(500)])
    assert told.longest_gap_ns == 350 * MS
    assert told.span_ns == 490 * MS


def test_samples_are_iterated_once():
    told = usage(iter([sample(0, 0), sample(1000, 250_000)]))
    assert told.cpu_window_cores == 0.25


def test_a_first_sample_from_after_the_end_is_no_first_sample():
    assert usage([sample(0, 5, pids=0), sample(100, 5, pids=0)]).first is None
    assert usage([sample(0, 5, pids=1), sample(100, 5, pids=0)]).first == sample(0, 5, pids=1)
    assert usage([sample(0, 5)]).first == sample(0, 5)


def test_what_is_left_after_the_end_is_no_level_of_the_operator():
    over = usage([sample(147, 5, 100_000, hard_bytes=100_000, inactive_file_bytes=0, pids=0)])
    assert over.memory_maximum_bytes is None
    assert over.hard_maximum_bytes is None
    assert over.working_set_maximum_bytes is None
    assert over.pids_maximum is None


def test_the_most_processes_of_any_sample_are_told():
    assert usage([sample(0, pids=3), sample(1, pids=7), sample(2, pids=0)]).pids_maximum == 7
