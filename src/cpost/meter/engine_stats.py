"""The engine's own statistics: one message a second, for engines whose cgroups nobody sees here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from cpost.errors import CpostError
from cpost.meter.port import Clock
from cpost.meter.sample import Rung, Sample, Totals
from cpost.meter.stats_message import (
    is_of_a_living_container,
    parse_message,
    read_time_ns,
    tells_memory,
)
from cpost.units import NS_PER_SECOND

_NO_MEMORY = "the engine tells no memory: its machine's kernel accounts none"

# The stream says nothing for up to a second, and only then can its thread end.
_JOIN_TIMEOUT_S = 1.5

# A message cannot come before it was made. (The first may have come late, so it is not exact.)
_CLOCK_WAS_SET_NS = NS_PER_SECOND


class EngineStatsReader:
    """Listens to the stream in a thread; ``sample`` gives the newest message, each one once.

    Messages carry their own time, so a sample's ``wall_ns`` is the engine's. Its ``at_ns`` is this
    machine's monotonic clock at the first message, and moves on as the engine's clock does.
    """

    def __init__(
        self,
        open_stream: Callable[[], Iterator[Mapping[str, Any]]],
        clock: Clock,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._open_stream = open_stream
        self._clock = clock
        self._notes = list(notes)
        self._lock = threading.Lock()
        self._newest: Sample | None = None
        self._totals = Totals()
        self._closed = threading.Event()
        self._anchor = 0  # our monotonic clock minus the engine's wall clock
        self._newest_read_ns = 0
        self._newest_received_ns = 0
        self._thread = threading.Thread(target=self._listen, name="engine statistics", daemon=True)
        self._thread.start()

    @property
    def rung(self) -> Rung:
        """Which step of the ladder this is."""
        return Rung.ENGINE_STATS

    @property
    def notes(self) -> tuple[str, ...]:
        """Why it is not a higher step, and why the stream ended if it broke."""
        return tuple(self._notes)

    def sample(self) -> Sample | None:
        """Return the newest message; None if none has come since the last call."""
        with self._lock:
            sample, self._newest = self._newest, None
        return sample

    def totals(self) -> Totals:
        """Return what the last message told."""
        with self._lock:
            return self._totals

    def _listen(self) -> None:
        try:
            for message in self._open_stream():
                if self._closed.is_set():
                    return
                self._take(message)
        except CpostError as error:
            self._notes.append(f"the engine's statistics ended early: {error}")

    def _take(self, message: Mapping[str, Any]) -> None:
        at_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        if not is_of_a_living_container(message):
            return
        if not tells_memory(message):
            if _NO_MEMORY not in self._notes:
                self._notes.append(_NO_MEMORY)
            return
        read_ns = read_time_ns(message)
        if read_ns is not None:
            if read_ns == self._newest_read_ns:
                return  # the same reading once more
            if self._newest_read_ns == 0:
                self._anchor = at_ns - read_ns
            at_ns, wall_ns = self._on_our_clock(read_ns, at_ns), read_ns
        told = parse_message(message, at_ns, wall_ns)
        if told is not None:
            with self._lock:
                self._newest, self._totals = told

    def _on_our_clock(self, read_ns: int, received_ns: int) -> int:
        """Return the monotonic time of a message that the engine made at ``read_ns``.

        Between two messages as much time has passed as the engine's clock says, unless that was
        set: then as much as between their arrivals. So it never goes back.
        """
        set_back = read_ns < self._newest_read_ns
        if set_back or read_ns + self._anchor > received_ns + _CLOCK_WAS_SET_NS:
            passed_ns = received_ns - self._newest_received_ns
            self._anchor += self._newest_read_ns + passed_ns - read_ns
        self._newest_read_ns, self._newest_received_ns = read_ns, received_ns
        return read_ns + self._anchor

    def __enter__(self) -> EngineStatsReader:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to listen; the thread ends with the next message, and nobody waits long for it."""
        self._closed.set()
        self._thread.join(_JOIN_TIMEOUT_S)
