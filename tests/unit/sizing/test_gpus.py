import pytest
from sizing_examples import MB, run

from cpost.record.gpu import GpuUse
from cpost.record.run import RunState
from cpost.sizing.gpus import with_gpus
from cpost.sizing.sized_run import size_run
from cpost.sizing.strategies.classic import requests

SIZED = requests(1.0, 5 * MB)


def use(*devices, samples=60):
    return GpuUse(devices, None, None, None, None, samples)


@pytest.mark.parametrize(
    ("uses", "gpus"),
    [
        ([None], None),
        ([use("T4")], 1),
        ([use("T4", "T4")], 2),
        ([use(), use("T4", samples=1), None], 1),
        ([use()], 0),
        ([use(), None], None),  # of one run nothing is known
        ([use(samples=2)], None),  # a use may lie between two readings
    ],
)
def test_gpus_are_as_many_as_were_seen_in_use(uses, gpus):
    assert with_gpus(SIZED, uses).gpus == gpus


def test_a_gpu_that_was_never_used_is_said_to_be():
    assert with_gpus(SIZED, [use()]).reason.endswith("no GPU: it was given one but used none")
    assert with_gpus(SIZED, [use("T4")]).reason == SIZED.reason


def test_nothing_is_recommended_for_a_run_that_failed():
    failed = run(state=RunState.FAIL, reason="exit 1")
    recommended = size_run(failed).recommendation
    assert with_gpus(recommended, [use("T4")]) == recommended
