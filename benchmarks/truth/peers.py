"""Who else watches: ``docker stats`` and psrecord, each started when a container has started."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import docker
import requests

PSRECORD_INTERVAL_S = 0.1
_END_S = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The most that a peer could have known of one container; None where it saw nothing."""

    cpu_usec: int | None = None
    memory_bytes: int | None = None


class Peers:
    """Both peers watch every container that starts while its ``with`` block lasts."""

    def __init__(self) -> None:
        self.docker_stats: dict[str, Seen] = {}
        self.psrecord: dict[str, Seen] = {}
        self._has_psrecord = find_spec("psrecord") is not None
        self._client = docker.from_env()
        self._events: Any = None
        self._listener: threading.Thread | None = None
        self._watchers: list[threading.Thread] = []

    def __enter__(self) -> Peers:
        """Begin to listen for containers that start."""
        self._events = self._client.events(
            decode=True, filters={"type": "container", "event": "start"}
        )
        self._listener = self._begin(self._listen)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, once every peer has noticed that its container has gone."""
        self._events.close()
        assert self._listener is not None
        for watcher in (self._listener, *self._watchers):
            watcher.join(_END_S)
        self._client.close()

    def _begin(self, what: Any, *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=what, args=arguments, name="peer", daemon=True)
        thread.start()
        return thread

    def _listen(self) -> None:
        with suppress(requests.exceptions.RequestException, OSError, ValueError, AttributeError):
            for event in self._events:
                container = str(event["Actor"]["ID"])
                self._watchers.append(self._begin(self._watch_stats, container))
                if self._has_psrecord:
                    self._watchers.append(self._begin(self._watch_process, container))

    def _watch_stats(self, container: str) -> None:
        client = docker.from_env()
        with suppress(docker.errors.DockerException, requests.exceptions.RequestException):
            messages = client.api.stats(container, stream=True, decode=True)
            self.docker_stats[container] = most_of_stats(messages)
        client.close()

    def _watch_process(self, container: str) -> None:
        client = docker.from_env()
        with suppress(docker.errors.DockerException):
            pid = client.api.inspect_container(container)["State"]["Pid"]
            if pid:
                self.psrecord[container] = _psrecord(int(pid))
        client.close()


def most_of_stats(messages: Iterable[Mapping[str, Any]]) -> Seen:
    """Return the highest figures of a stats stream, as ``docker stats`` shows them.

    Memory without inactive page cache (``calculateMemUsageUnixNoCache`` of docker/cli); CPU is the
    last cumulative counter, which is more than the command shows. A container that has gone is
    reported with zeros, which are nobody's maximum.
    """
    cpu_usec = memory_bytes = 0
    for message in messages:
        cpu_usec = max(cpu_usec, message["cpu_stats"]["cpu_usage"]["total_usage"] // 1000)
        memory = message.get("memory_stats") or {}
        counters = memory.get("stats") or {}
        inactive = counters.get("total_inactive_file", counters.get("inactive_file", 0))
        used = memory.get("usage", 0)
        memory_bytes = max(memory_bytes, used - inactive if inactive < used else used)
    return Seen(cpu_usec or None, memory_bytes or None)


def most_of_psrecord(rows: Iterable[Mapping[str, str]]) -> Seen:
    """Return the sums of a log of psrecord: CPU percent by the time they stand for, highest RSS."""
    cpu_s = memory_mib = last_s = 0.0
    for row in rows:
        at_s = float(row["elapsed_time"])
        cpu_s += float(row["cpu"]) / 100 * (at_s - last_s)
        memory_mib = max(memory_mib, float(row["mem_real"]))
        last_s = at_s
    return Seen(round(cpu_s * 1e6) or None, round(memory_mib * (1 << 20)) or None)


def _psrecord(pid: int) -> Seen:
    with tempfile.TemporaryDirectory(prefix="truth-") as folder:
        log = Path(folder, "log.csv")
        options = ["--include-children", "--interval", str(PSRECORD_INTERVAL_S)]
        options += ["--log", str(log), "--log-format", "csv"]
        subprocess.run(
            [sys.executable, "-m", "psrecord", str(pid), *options],
            check=False,
            capture_output=True,
        )
        if not log.exists():
            return Seen()
        with log.open(newline="") as rows:
            return most_of_psrecord(csv.DictReader(rows, skipinitialspace=True))
