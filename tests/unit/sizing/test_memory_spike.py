from sizing_examples import MB, sample, spotless

from cpost.record.run import StartUp
from cpost.sizing.sized_run import size_run


def spike(samples, peak_mb, **others):
    one = spotless(samples, memory_peak_bytes=peak_mb * MB, **others)
    return size_run(one).summary.unseen_spike_bytes


def levels(*pairs):
    """Samples of (memory, hard) in MB."""
    return [
        sample(k * 100, 0, memory * MB, hard_bytes=hard * MB)
        for k, (memory, hard) in enumerate(pairs)
    ]


def test_memory_that_no_sample_saw_is_told_in_bytes():
    assert spike(levels((50, 40), (50, 40), (50, 40)), 260) == (260 - 50 - 10) * MB


def test_a_peak_that_samples_saw_is_no_spike():
    assert spike(levels((50, 40), (250, 240), (50, 40)), 255) == 0


def test_files_written_and_removed_between_samples_are_no_spike():
    # As much as file memory is seen to grow at once, it may have grown unseen.
    assert spike(levels((50, 40), (250, 40), (50, 40), (250, 40)), 440) == 0


def test_file_memory_that_never_moves_explains_only_what_was_there_at_first():
    assert spike(levels((70, 40), (70, 40), (70, 40)), 300) == (300 - 70 - 30) * MB


def test_what_a_container_needs_to_start_is_no_spike():
    assert spike(levels((1, 1), (1, 1)), 9) == 0
    assert spike(levels((1, 1), (1, 1)), 12) == 11 * MB
    start_up = StartUp(memory_peak_bytes=12 * MB)
    assert spike(levels((1, 1), (1, 1)), 12, start_up=start_up) == 0


def test_a_little_above_the_last_sample_of_a_large_operator_is_no_spike():
    assert spike(levels((1000, 1000)), 1050) == 0
    assert spike(levels((1000, 1000)), 1060) == 60 * MB


def test_where_nobody_knows_how_much_is_files_there_is_no_telling():
    assert spike([sample(0, 0, 50 * MB), sample(100, 0, 50 * MB)], 900) is None


def test_without_the_kernels_peak_or_a_sample_there_is_no_telling():
    assert size_run(spotless(memory_peak_bytes=None)).summary.unseen_spike_bytes is None
    assert spike([], 900) is None


def test_a_run_with_a_spike_is_sized_from_the_peak():
    sized = size_run(spotless(levels((50, 50), (50, 50)), memory_peak_bytes=600 * MB))
    assert sized.recommendation.memory_mib == 768
