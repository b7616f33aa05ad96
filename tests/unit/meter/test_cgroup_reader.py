from dataclasses import dataclass, field

import pytest
from fake_cgroups import FakeClock

from cpost.meter.cgroup_reader import CgroupReader
from cpost.meter.counter_file import VanishedError
from cpost.meter.sample import Rung, Sample, Totals

MS = 1_000_000


@dataclass
class FakeCounters:
    """A cgroup that uses ``cpu_usec`` and can be emptied and removed."""

    cpu_usec: int = 100
    empty: bool = False
    gone: bool = False
    facts: int = 0
    notes: tuple[str, ...] = ()
    read_usec: list[int] = field(default_factory=list)

    def sample(self, at_ns: int, wall_ns: int) -> Sample:
        if self.gone:
            raise VanishedError
        self.read_usec.append(self.cpu_usec)
        return Sample(at_ns, wall_ns, self.cpu_usec, memory_bytes=1)

    def read_facts(self) -> None:
        self.facts += 1

    def totals(self) -> Totals:
        return Totals(cpu_usage_usec=self.read_usec[-1] if self.read_usec else None)

    def is_empty(self) -> bool:
        return self.empty and not self.gone

    def close(self) -> None:
        self.gone = True


@pytest.fixture
def counters() -> FakeCounters:
    return FakeCounters()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reader(counters: FakeCounters, clock: FakeClock) -> CgroupReader:
    return CgroupReader(Rung.CONTAINER_CGROUP_V2, counters, clock)


def test_what_changes_slowly_is_read_once_a_second_and_at_the_end(
    reader: CgroupReader, counters: FakeCounters, clock: FakeClock
) -> None:
    for _ in range(25):
        reader.sample()
        clock.now_ns += 100 * MS
    assert counters.facts == 3
    reader.totals()
    assert counters.facts == 4


def test_the_unseen_end_is_what_lies_between_the_last_reading_and_the_end(
    reader: CgroupReader, counters: FakeCounters, clock: FakeClock
) -> None:
    reader.sample()
    clock.now_ns += 70 * MS
    counters.gone = True
    assert reader.totals().unseen_end_usec == 70_000


def test_the_end_is_when_it_was_first_found_gone_and_not_when_it_was_asked_for(
    reader: CgroupReader, counters: FakeCounters, clock: FakeClock
) -> None:
    reader.sample()
    clock.now_ns += 20 * MS
    counters.gone = True
    assert reader.sample() is None
    clock.now_ns += 500 * MS
    assert reader.totals().unseen_end_usec == 20_000


def test_one_that_was_read_when_nobody_was_left_in_it_has_no_unseen_end(
    reader: CgroupReader, counters: FakeCounters, clock: FakeClock
) -> None:
    reader.sample()
    counters.cpu_usec, counters.empty = 900, True
    reader.refresh()
    clock.now_ns += 70 * MS
    counters.gone = True
    reader.refresh()
    totals = reader.totals()
    assert (totals.cpu_usage_usec, totals.unseen_end_usec) == (900, 0)


def test_one_that_nobody_has_entered_yet_has_not_ended(
    reader: CgroupReader, counters: FakeCounters, clock: FakeClock
) -> None:
    counters.cpu_usec, counters.empty = 0, True
    reader.refresh()
    clock.now_ns += 30 * MS
    counters.gone = True
    assert reader.totals().unseen_end_usec == 30_000


def test_one_that_was_never_read_does_not_tell_how_much_was_missed(
    reader: CgroupReader, counters: FakeCounters
) -> None:
    counters.gone = True
    assert reader.totals().unseen_end_usec is None


def test_one_that_is_still_there_has_been_seen_to_the_end(reader: CgroupReader) -> None:
    assert reader.totals().unseen_end_usec == 0


def test_cpu_time_that_goes_backwards_is_told_as_it_was_read_and_its_total_is_the_highest(
    reader: CgroupReader, counters: FakeCounters
) -> None:
    reader.sample()
    counters.cpu_usec = 40
    sample = reader.sample()
    assert sample is not None
    assert sample.cpu_usage_usec == 40
    assert reader.totals().cpu_usage_usec == 100


def test_nothing_is_read_once_it_is_closed(reader: CgroupReader, counters: FakeCounters) -> None:
    with reader:
        reader.sample()
    counters.gone = False
    reader.refresh()
    assert counters.read_usec == [100]
