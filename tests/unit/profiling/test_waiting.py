import threading
import time

import pytest

from cpost.engine.port import ContainerExit
from cpost.errors import EngineLostError
from cpost.meter.target import Target
from cpost.profiling.waiting import Waiter, time_limit


class FakeContainer:
    """Ends when it is killed, with ``exit_code``, or raises ``error`` instead."""

    id = "c1"
    expected = Target(pid=None)

    def __init__(self, error: EngineLostError | None = None) -> None:
        self.killed = threading.Event()
        self.error = error

    def start(self, timeout_s: float) -> Target:
        raise AssertionError(timeout_s)

    def wait(self) -> ContainerExit:
        self.killed.wait(10)
        if self.error:
            raise self.error
        return ContainerExit(137, oom_killed=False, started_ns=None, finished_ns=None)

    def kill(self) -> None:
        self.killed.set()


def test_the_end_is_told_when_it_comes() -> None:
    container = FakeContainer()
    waiter = Waiter(container)
    assert not waiter.ended.wait(0.05)
    container.kill()
    assert waiter.ended.wait(5)
    assert waiter.result().exit_code == 137


def test_an_engine_that_goes_away_meanwhile_ends_the_waiting_too() -> None:
    container = FakeContainer(EngineLostError("gone"))
    waiter = Waiter(container)
    container.kill()
    assert waiter.ended.wait(5)
    with pytest.raises(EngineLostError, match="gone"):
        waiter.result()


def test_a_container_over_its_time_is_ended_and_that_is_known() -> None:
    container = FakeContainer()
    with time_limit(container, 0.02) as expired:
        assert container.killed.wait(5)
    assert expired.is_set()


def test_a_container_within_its_time_is_left_alone() -> None:
    container = FakeContainer()
    with time_limit(container, 0.05) as expired:
        pass
    time.sleep(0.1)
    assert not container.killed.is_set()
    assert not expired.is_set()


def test_without_a_limit_nothing_expires() -> None:
    with time_limit(FakeContainer(), None) as expired:
        assert not expired.is_set()
