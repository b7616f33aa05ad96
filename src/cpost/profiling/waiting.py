"""Waiting for a container's end beside the sampling, and ending it when its time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cpost.engine.port import Container, ContainerExit
from cpost.errors import CpostError, EngineLostError


class Waiter:
    """Waits for one container in a thread of its own; ``ended`` is set when it has ended."""

    def __init__(self, container: Container) -> None:
        """Begin to wait."""
        self.ended = threading.Event()
        self._container = container
        self._exit: ContainerExit | None = None
        self._error: CpostError | None = None
        threading.Thread(target=self._wait, name="waiting for the operator", daemon=True).start()

    def result(self) -> ContainerExit:
        """Return how it ended, once ``ended`` is set; EngineError where waiting itself failed."""
        if self._error is not None:
            raise self._error
        if self._exit is None:
            raise EngineLostError("the container's end was never told")
        return self._exit

    def _wait(self) -> None:
        try:
            self._exit = self._container.wait()
        except CpostError as error:
            self._error = error
        finally:
            self.ended.set()


@contextmanager
def time_limit(container: Container, timeout_s: float | None) -> Iterator[threading.Event]:
    """End ``container`` if the block lasts longer than ``timeout_s``; None: no limit.

    Yields an event that is set if that happened.
    """
    expired = threading.Event()

    def end() -> None:
        expired.set()
        with suppress(CpostError):  # an engine that is gone is told by whoever waits
            container.kill()

    if timeout_s is None:
        yield expired
        return
    timer = threading.Timer(timeout_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
