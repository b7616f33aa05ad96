import queue
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from stats_messages import DOCKER_V1, DOCKER_V2, ENDED

from cpost.errors import EngineLostError
from cpost.meter.clock import SystemClock
from cpost.meter.engine_stats import EngineStatsReader
from cpost.meter.sample import Rung, Sample, Totals

Message = Mapping[str, Any]


class FakeStream:
    """Yields what is sent; None ends it."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Message | None] = queue.Queue()
        self.taken = threading.Semaphore(0)

    def send(self, *messages: Message | None) -> None:
        """Return when they were dealt with."""
        for message in messages:
            self.messages.put(message)
        for _ in messages:
            assert self.taken.acquire(timeout=5)

    def __call__(self) -> Iterator[Message]:
        while (message := self.messages.get()) is not None:
            yield message
            self.taken.release()
        self.taken.release()


def read_at(second: int, **cpu: int) -> Message:
    usage = {"cpu_usage": {"total_usage": cpu.get("total_usage", 1000)}}
    return {**DOCKER_V1, "read": f"2024-05-01T10:00:{second:02d}Z", "cpu_stats": usage}


class Clock:
    """As much time passes between two messages as it is told, the first time aside."""

    def __init__(self, *seconds: int) -> None:
        self._seconds = iter(seconds)
        self._now_s = 1_000_000

    def monotonic_ns(self) -> int:
        self._now_s += next(self._seconds)
        return self._now_s * 10**9

    def wall_ns(self) -> int:
        return 0


def samples_of(*messages: Message, clock: Clock | None = None) -> list[Sample | None]:
    stream = FakeStream()
    with EngineStatsReader(stream, clock or SystemClock()) as reader:
        found = []
        for message in messages:
            stream.send(message)
            found.append(reader.sample())
        stream.send(None)
        return found


def test_each_message_is_given_once_and_only_the_newest() -> None:
    stream = FakeStream()
    with EngineStatsReader(stream, SystemClock()) as reader:
        assert reader.sample() is None
        stream.send(read_at(1, total_usage=1000), read_at(2, total_usage=2000))
        sample = reader.sample()
        assert sample is not None
        assert sample.cpu_usage_usec == 2
        assert reader.sample() is None
        stream.send(None)


def test_a_sample_carries_the_time_of_the_message() -> None:
    # The second came late, which says nothing of when it was read.
    first, second = samples_of(read_at(1), read_at(3), clock=Clock(0, 5))
    assert first is not None
    assert second is not None
    assert second.wall_ns - first.wall_ns == 2_000_000_000
    assert second.at_ns - first.at_ns == 2_000_000_000
    assert first.at_ns == 1_000_000 * 10**9


@pytest.mark.parametrize("second", [1, 59])
def test_a_clock_that_is_set_back_or_ahead_does_not_stretch_time(second: int) -> None:
    samples = samples_of(read_at(30), read_at(second), clock=Clock(0, 1))
    first, later = samples
    assert first is not None
    assert later is not None
    assert later.at_ns - first.at_ns == 1_000_000_000


def test_a_message_that_comes_twice_is_one_sample() -> None:
    first, second = samples_of(read_at(1), read_at(1))
    assert first is not None
    assert second is None


def test_without_a_time_in_the_message_it_is_when_it_came() -> None:
    (sample,) = samples_of({**DOCKER_V2, "read": None})
    assert sample is not None
    assert abs(sample.wall_ns - time.time_ns()) < 5_000_000_000


def test_totals_are_those_of_the_last_message_with_figures() -> None:
    stream = FakeStream()
    with EngineStatsReader(stream, SystemClock()) as reader:
        assert reader.totals() == Totals()
        stream.send(DOCKER_V1, ENDED, None)
        assert reader.totals().memory_peak_bytes == 200000


def test_the_notes_tell_why_it_is_no_better_meter() -> None:
    stream = FakeStream()
    with EngineStatsReader(stream, SystemClock(), ("no parent cgroup",)) as reader:
        assert reader.rung is Rung.ENGINE_STATS
        assert reader.notes == ("no parent cgroup",)
        stream.send(None)


def test_an_engine_that_tells_no_memory_gives_no_sample_but_a_note_once() -> None:
    stream = FakeStream()
    dumb = {**DOCKER_V2, "memory_stats": {}}
    with EngineStatsReader(stream, SystemClock()) as reader:
        stream.send(dumb, dumb, None)
        assert reader.sample() is None
        assert [note for note in reader.notes if "tells no memory" in note] == [reader.notes[-1]]


def test_a_stream_that_breaks_is_a_note_and_not_an_error() -> None:
    broken = threading.Event()

    def stream() -> Iterator[Message]:
        yield DOCKER_V1
        broken.set()
        raise EngineLostError("connection reset")

    with EngineStatsReader(stream, SystemClock()) as reader:
        assert broken.wait(5)
    assert "connection reset" in reader.notes[-1]
    assert reader.sample() is not None


def test_closing_ends_the_listening_with_the_next_message() -> None:
    def endless() -> Iterator[Message]:
        while True:
            time.sleep(0.01)
            yield DOCKER_V1

    before = threading.active_count()
    with EngineStatsReader(endless, SystemClock()):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
