import pytest
from sizing_examples import MB, run, sample

from cpost.errors import RecordError
from cpost.record.run import RunState
from cpost.sizing.sized_run import size_run
from cpost.sizing.strategies.classic import requests
from cpost.sizing.usage import usage_of


@pytest.mark.parametrize(
    ("percent", "megabytes", "cpu", "memory"),
    [
        (1097.941, 405.242, 11, 512),
        (1134.358, 4455.412, 12, 4608),
        (1017.747, 552.313, 11, 768),
        (14.923, 3.783, 1, 256),
    ],
)
def test_the_figures_of_the_readme_give_the_requests_of_the_readme(percent, megabytes, cpu, memory):
    recommended = requests(percent / 100, round(megabytes * MB))
    assert (recommended.cpu_cores, recommended.memory_mib) == (cpu, memory)


@pytest.mark.parametrize(
    ("cores", "cpu"), [(0.0, 1), (1.0, 1), (1.0000004, 1), (1.00001, 2), (2.0, 2)]
)
def test_cpu_is_what_is_printed_rounded_up_and_at_least_one(cores, cpu):
    assert requests(cores, 0).cpu_cores == cpu


@pytest.mark.parametrize(
    ("memory_bytes", "mib"), [(0, 256), (156 * MB, 256), (156 * MB + 1, 512), (412 * MB, 512)]
)
def test_memory_is_a_hundred_megabytes_more_rounded_up_to_steps_of_256(memory_bytes, mib):
    assert requests(1.0, memory_bytes).memory_mib == mib


def test_a_run_that_passed_is_sized():
    sized = size_run(run(duration_ms=1000, cpu_usage_usec=1_200_000, memory_peak_bytes=300 * MB))
    assert sized.recommendation.strategy == "classic"
    assert (sized.recommendation.cpu_cores, sized.recommendation.memory_mib) == (2, 512)
    assert "rounded up" in sized.recommendation.reason


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        (RunState.FAIL, "exit 126", "no recommendation: exit 126"),
        (RunState.ERROR, "not executed", "no recommendation: not executed"),
        (RunState.SKIPPED, "", "no recommendation: skipped"),
    ],
)
def test_a_run_that_did_not_pass_is_not_sized_and_says_why(state, reason, told):
    failed = run(state=state, reason=reason, duration_ms=5, cpu_usage_usec=5, memory_peak_bytes=5)
    recommended = size_run(failed).recommendation
    assert recommended.cpu_cores is None
    assert recommended.memory_mib is None
    assert recommended.reason == told


@pytest.mark.parametrize(
    ("totals", "told"),
    [
        ({}, "no recommendation: CPU not measured"),
        ({"cpu_usage_usec": 5}, "no recommendation: memory not measured"),
    ],
)
def test_what_was_not_measured_is_not_sized(totals, told):
    recommended = size_run(run(duration_ms=5, **totals)).recommendation
    assert (recommended.cpu_cores, recommended.memory_mib) == (None, None)
    assert recommended.reason == told


class DamagedSamples:
    def __iter__(self):
        yield sample(0)
        raise RecordError("samples.csv:3: the line is torn")


def test_damaged_samples_leave_the_totals_and_a_warning():
    damaged = run(duration_ms=1000, cpu_usage_usec=1_200_000, memory_peak_bytes=300 * MB)
    object.__setattr__(damaged, "samples", DamagedSamples())
    with pytest.raises(RecordError):
        usage_of(damaged)
    sized = size_run(damaged)
    assert sized.recommendation.cpu_cores == 2
    assert "samples.csv:3: the line is torn" in sized.warnings
