"""Opening a container's cgroup as it appears, and reading it once more as it ends.

A container may have ended before its engine says that it has started. Where its cgroup will
appear is known before: beneath the parent made for the run, or where engines put containers. So a
thread sleeps until the kernel tells of it, opens its files, and from then on reads them whenever
the kernel tells of something: a limit that was written, an OOM kill, the last process gone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from cpost.errors import MeasureError
from cpost.meter.appearing import Appearing
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.cgroup_reader import CgroupReader
from cpost.meter.cgroup_rungs import cgroup_rungs
from cpost.meter.inotify import WRITTEN, Inotify
from cpost.meter.port import Clock
from cpost.meter.target import Target

_log = logging.getLogger(__name__)

# Version 1 has a directory for each controller, made one after the other; files of version 2 may
# appear a moment after their directory.
_REST_S = 0.01
_MOST_ATTEMPTS = 50
_ATTEMPTS_AT_THE_BEST_RUNG = 5
# Since the last directory appeared. Where a machine is busy others may come late; a cgroup that
# is opened without them tells less.
_ATTEMPTS_WITH_ALL_DIRECTORIES = 20

# Files of version 2 that the kernel itself tells of when they change.
_TELLING = ("cgroup.events", "memory.events")


class EarlyCgroup:
    """Watches for the cgroup of one container, and then watches it; see ``expect``."""

    def __init__(self, target: Target, host: CgroupHost, clock: Clock, inotify: Inotify) -> None:
        self._target = target
        self._host = host
        self._clock = clock
        self._inotify = inotify
        self._appearing = Appearing(target, host, inotify)
        self._watches: set[int] = set()
        self._lock = threading.Lock()
        self._reader: CgroupReader | None = None
        self._taken = False
        self._attempts = 0

    def take(self) -> CgroupReader | None:
        """Return the reader of what was opened, None if nothing was; nothing is opened then."""
        with self._lock:
            self._taken = True
            return self._reader

    def follow(self, reader: CgroupReader, own: Iterable[Path]) -> None:
        """Watch the container's ``own`` directories for ``reader``, which somebody else opened."""
        with self._lock:
            self._reader = reader
            self._watch(own)

    def work(self) -> None:
        """Sleep and read, until woken; what a thread does."""
        try:
            while (events := self._inotify.wait(self._patience_s())) is not None:
                known = len(self._appearing.own)
                went = [self._appearing.take(event) for event in events]
                if len(self._appearing.own) > known:
                    self._attempts = 0
                with self._lock:
                    if self._reader is None and not self._taken and self._appearing.own:
                        self._try_to_open()
                    reader = self._reader
                    has_changed = any(event.watch in self._watches for event in events)
                if reader is not None and (has_changed or any(went)):
                    reader.refresh()
        except (OSError, MeasureError) as error:
            # Whoever samples meets the same, and tells of it.
            _log.debug("the cgroup is not watched any more: %s", error)

    def end(self) -> None:
        """Close what was opened and never taken."""
        if self._reader is not None and not self._taken:
            self._reader.__exit__(None, None, None)

    def _patience_s(self) -> float | None:
        """How long to wait for the kernel to tell of something, before trying again to open."""
        waiting = self._reader is None and not self._taken and bool(self._appearing.own)
        return _REST_S if waiting and self._attempts < _MOST_ATTEMPTS else None

    def _try_to_open(self) -> None:
        self._attempts += 1
        if self._attempts <= _ATTEMPTS_WITH_ALL_DIRECTORIES and not self._appearing.complete:
            return  # the other directories will be there in a moment
        few = self._attempts <= _ATTEMPTS_AT_THE_BEST_RUNG
        self._watch(self._appearing.own.values())
        refusals: list[str] = []
        for rung, open_reader in cgroup_rungs(
            self._target, self._appearing.own, self._host, self._clock
        ):
            try:
                self._reader = open_reader(tuple(refusals))
            except MeasureError as error:
                refusals.append(f"no {rung.value}: {error}")
                if few:
                    return
            else:
                return

    def _watch(self, own: Iterable[Path]) -> None:
        for directory in set(own):
            for path in (directory, *(directory / name for name in _TELLING)):
                with suppress(OSError):  # version 1 has no such files, or it is gone
                    self._watches.add(self._inotify.watch(path, WRITTEN))


@contextmanager
def expect(target: Target, host: CgroupHost | None, clock: Clock) -> Iterator[EarlyCgroup | None]:
    """Watch for the cgroup of a container that is about to be started, until the block ends.

    ``target`` tells of it what is known by then. Yields what ``attach`` takes as ``early``; None
    where no cgroup of a container is to be expected on this machine, or it cannot be watched for.
    """
    if host is None or host.version is None or target.cgroup_name is None:
        yield None
        return
    try:
        inotify = Inotify()
    except OSError as error:
        _log.debug("no cgroup can be watched for: %s", error)
        yield None
        return
    with inotify:
        early = EarlyCgroup(target, host, clock, inotify)
        thread = threading.Thread(target=early.work, name="watching the cgroup", daemon=True)
        thread.start()
        try:
            yield early
        finally:
            inotify.wake()
            thread.join()
            early.end()


def nothing_expected(target: Target) -> AbstractContextManager[EarlyCgroup | None]:
    """Watch for nothing; for callers that need no cgroup."""
    del target
    return nullcontext()
