import sys
import threading
import time
from collections.abc import Callable

import pytest

from cpost.meter.clock import SystemClock
from cpost.meter.nothing_to_read import NothingToRead
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample
from cpost.meter.sampler import samples

MS = 1_000_000
SECOND = 1000 * MS


class FakeClock:
    """Moves only when somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns


class FakeEnd:
    """An operator that ends at ``at_ns`` by a fake clock; waiting for it is sleeping."""

    def __init__(self, clock: FakeClock, at_ns: int) -> None:
        self.clock = clock
        self.at_ns = at_ns

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.clock.now_ns = max(
            self.clock.now_ns, min(self.clock.now_ns + round(timeout * SECOND), self.at_ns)
        )
        return self.clock.now_ns >= self.at_ns


class FakeReader(NothingToRead):
    """Always has a sample; reading it takes what ``costs_ns`` says of its number."""

    def __init__(self, clock: Clock, costs_ns: Callable[[int], int] = lambda _: 0) -> None:
        super().__init__(Rung.PROCESS_TREE, ())
        self.clock = clock
        self.costs_ns = costs_ns
        self.count = 0

    def sample(self) -> Sample | None:
        at_ns = self.clock.monotonic_ns()
        if isinstance(self.clock, FakeClock):
            self.clock.now_ns += self.costs_ns(self.count)
        self.count += 1
        return Sample(at_ns=at_ns, wall_ns=at_ns, cpu_usage_usec=0, memory_bytes=0)


def taken_ms(end_ms: float, costs_ns: Callable[[int], int] = lambda _: 0) -> list[float]:
    """When samples are taken of an operator that ends after ``end_ms``, 100 ms apart."""
    clock = FakeClock()
    reader = FakeReader(clock, costs_ns)
    end = FakeEnd(clock, round(end_ms * MS))
    return [sample.at_ns / MS for sample in samples(reader, clock, 100 * MS, end)]


def test_the_first_is_taken_at_once_the_last_after_the_end() -> None:
    assert taken_ms(end_ms=250) == [0, 100, 200, 250]


def test_an_operator_that_has_ended_already_is_read_all_the_same() -> None:
    assert taken_ms(end_ms=0) == [0, 0]


def test_the_time_a_reading_takes_does_not_add_up() -> None:
    assert taken_ms(end_ms=350, costs_ns=lambda _: 30 * MS) == [0, 100, 200, 300, 350]


def test_a_late_tick_is_skipped_and_not_made_up_for() -> None:
    late = {1: 250 * MS}
    assert taken_ms(600, lambda count: late.get(count, 0)) == [0, 100, 400, 500, 600]


def test_a_reading_that_lasts_just_until_the_next_tick_skips_it() -> None:
    late = {0: 100 * MS}
    assert taken_ms(300, lambda count: late.get(count, 0)) == [0, 200, 300]


def test_a_sleep_that_ends_too_early_gives_no_extra_sample() -> None:
    clock = FakeClock()

    class Hasty(FakeEnd):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            return super().wait(timeout - 1e-6)

    taken = samples(FakeReader(clock), clock, 100 * MS, Hasty(clock, 1050 * MS))
    assert len(list(taken)) == 12


def test_a_reader_with_nothing_to_say_yields_nothing() -> None:
    clock = FakeClock()
    reader = NothingToRead(Rung.ENGINE_STATS, ())
    assert list(samples(reader, clock, 100 * MS, FakeEnd(clock, 300 * MS))) == []


def test_a_day_at_ten_a_second_needs_no_more_memory_than_a_minute() -> None:
    clock = FakeClock()
    end = FakeEnd(clock, 24 * 3600 * SECOND)
    count = 0
    blocks_at_a_minute = 0
    for _ in samples(FakeReader(clock), clock, 100 * MS, end):
        count += 1
        if count == 600:
            blocks_at_a_minute = sys.getallocatedblocks()
    assert count == 24 * 3600 * 10 + 1
    assert sys.getallocatedblocks() - blocks_at_a_minute < 1000


def test_the_end_interrupts_even_a_long_sleep() -> None:
    ended = threading.Event()
    clock = SystemClock()
    told_at: list[float] = []

    def end() -> None:
        told_at.append(time.monotonic())
        ended.set()

    threading.Timer(0.1, end).start()
    assert len(list(samples(FakeReader(clock), clock, 60 * SECOND, ended))) == 2
    assert time.monotonic() - told_at[0] < 0.05


def test_on_the_real_clock_samples_keep_their_pace() -> None:
    ended = threading.Event()
    clock = SystemClock()
    threading.Timer(0.5, ended.set).start()
    taken = [one.at_ns for one in samples(FakeReader(clock), clock, 20 * MS, ended)]
    assert len(taken) == pytest.approx(26, abs=6)
    pace = [(at_ns - taken[0]) / (20 * MS) for at_ns in taken[1:-1]]
    late = sorted(abs(ticks - round(ticks)) for ticks in pace)
    assert late[len(late) // 2] < 0.25  # half of them within 5 ms of their deadline


def test_every_reading_but_the_first_and_the_last_tells_how_late_it_was() -> None:
    clock, late_ns = FakeClock(), []

    class Sluggish(FakeEnd):
        """Wakes up 3 ms after the time it was to wake up at."""

        def wait(self, timeout: float | None = None) -> bool:
            has_ended = super().wait(timeout)
            clock.now_ns += 3 * MS
            return has_ended

    reader, ended = FakeReader(clock), Sluggish(clock, 35 * MS)
    taken = list(samples(reader, clock, 10 * MS, ended, late_ns.append))
    assert [one.at_ns for one in taken] == [0, 13 * MS, 23 * MS, 33 * MS, 38 * MS]
    assert late_ns == [3 * MS] * 3
