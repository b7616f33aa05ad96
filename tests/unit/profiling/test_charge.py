from __future__ import annotations

from cpost.errors import MeasureError
from cpost.meter.clock import SystemClock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.profiling.charge import watched


class CountingReader:
    """Gives one sample more with each reading; from number ``broken`` on it cannot be read."""

    rung = Rung.PARENT_CGROUP_V2
    notes = ()

    def __init__(self, broken: int | None = None) -> None:
        self._broken = broken
        self._count = 0

    def sample(self) -> Sample:
        if self._broken is not None and self._count >= self._broken:
            raise MeasureError("not what a kernel writes")
        self._count += 1
        return Sample(self._count, self._count, self._count, 1)

    def totals(self) -> Totals:
        return Totals()

    def __enter__(self) -> CountingReader:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_server_is_sampled_before_the_block_and_after_it() -> None:
    kept: list[Sample] = []
    with watched(CountingReader(), SystemClock(), 10**12, kept.append) as failures:
        before = len(kept)
    assert before >= 1
    assert len(kept) >= 3
    assert failures == []


def test_a_server_that_cannot_be_read_keeps_no_operator_from_being_executed() -> None:
    kept: list[Sample] = []
    executed = False
    with watched(CountingReader(broken=0), SystemClock(), 10**12, kept.append) as failures:
        executed = True
    assert executed
    assert kept == []
    assert failures == ["not what a kernel writes"]
