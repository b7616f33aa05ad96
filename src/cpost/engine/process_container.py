"""One operator as processes of this machine; see ``port.Container``."""

from __future__ import annotations

import errno
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import IO

from cpost.engine import process_gate
from cpost.engine.descendants import adopt_orphans, descendants, kill_descendants, reap_adopted
from cpost.engine.port import ContainerExit, LogSink, StartFailedError, StartTimeoutError
from cpost.errors import EngineError, MeasureError
from cpost.meter.parent_cgroup import ParentCgroup
from cpost.meter.target import Target

_log = logging.getLogger(__name__)

_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_SIGNAL_BASE = 128  # shells and engines report death by signal n as exit code 128 + n

_DRAIN_TIMEOUT_S = 10.0
_REAP_TIMEOUT_S = 10.0
_PIECE_BYTES = 1 << 16


class ProcessContainer:
    """Executes ``words``; everything that comes from it ends with it.

    ``cgroup`` holds its processes together and measures them; None where there can be none. Then
    descendants are followed from parent to child, and this process adopts those that cut loose.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        sink: LogSink,
        cgroup: ParentCgroup | None,
    ) -> None:
        self._words = words
        self._environment = environment
        self._sink = sink
        self._cgroup = cgroup
        self._process: subprocess.Popen[bytes] | None = None
        self._others: set[int] = set()
        self._pumps: list[threading.Thread] = []
        self._started_ns: int | None = None
        self._killing = threading.Lock()

    @property
    def id(self) -> str:
        """The number of its first process, empty before the start."""
        return "" if self._process is None else f"process-{self._process.pid}"

    @property
    def expected(self) -> Target:
        """Where it will be measured; see ``port.Container.expected``."""
        return Target(
            pid=None,
            parent_cgroup=self._cgroup.path if self._cgroup is not None else None,
            process_tree=True,
        )

    def start(self, timeout_s: float) -> Target:
        """Execute it; see ``port.Container.start``."""
        give_up_at = time.monotonic() + timeout_s
        status, status_of_gate = os.pipe()
        try:
            try:
                # A fork that goes on in Python is not safe beside threads, so the process that
                # waits to become the operator is a program of its own.
                process = self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", process_gate.__file__, str(status_of_gate)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=[status_of_gate],
                    start_new_session=True,
                )
            finally:
                os.close(status_of_gate)
            if _read(status, give_up_at, until=process_gate.READY) != process_gate.READY:
                raise EngineError("the process that was to become the operator ended too early")
            self._hold_together(process.pid)
            self._listen(process)
            self._started_ns = time.time_ns()
            _tell(process, self._words, self._environment)
            failure = _read(status, give_up_at)
        finally:
            os.close(status)
        if failure:
            raise _start_failed(self._words[0], int(failure))
        return replace(self.expected, pid=process.pid)

    def wait(self) -> ContainerExit:
        """Return when its first process has ended; what else came from it is ended then."""
        process = self._process
        if process is None:
            raise EngineError("it was never started")
        exit_code = _wait_but_leave(process)
        finished_ns = time.time_ns()
        self.kill()
        self._drain()
        return ContainerExit(
            exit_code=exit_code,
            oom_killed=False,  # the cgroup's own count tells
            started_ns=self._started_ns,
            finished_ns=finished_ns,
        )

    def kill(self) -> None:
        """End all that comes from it, now."""
        process = self._process
        with self._killing:
            if process is None or process.returncode is not None:
                return
            # Not by Popen.kill, which would wait for it: as a zombie it can still be measured.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            if self._cgroup is not None:
                all_ended = self._cgroup.kill()
            else:
                all_ended = kill_descendants(but=self._others)
        if not all_ended:
            _log.warning("processes of %s do not end", self.id)

    def unmake(self) -> None:
        """End it if need be, and leave nothing behind; may be called at any point of its life."""
        try:
            self._unmake()
        except BaseException:  # an interrupt, as a rule; it comes only once
            self._unmake()
            raise

    def _unmake(self) -> None:
        process = self._process
        if process is not None:
            self.kill()
            self._drain()
            with self._killing, suppress(subprocess.TimeoutExpired):
                process.wait(_REAP_TIMEOUT_S)
            if not any(pump.is_alive() for pump in self._pumps):
                _close(process)
        if self._cgroup is not None:
            if not self._cgroup.remove():
                _log.warning("the cgroup %s cannot be removed", self._cgroup.name)
        elif process is not None:
            reap_adopted(but=self._others)
            adopt_orphans(adopt=False)

    def _hold_together(self, pid: int) -> None:
        if self._cgroup is not None:
            try:
                self._cgroup.make()
                self._cgroup.add(pid)
            except MeasureError as error:
                _log.info("%s: the operator is followed by its process tree", error)
                self._cgroup.remove()
                self._cgroup = None
        if self._cgroup is None:
            self._others = descendants() - {pid}
            adopt_orphans(adopt=True)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            pump = threading.Thread(
                target=self._pump, args=(name, stream), name=f"operator {name}", daemon=True
            )
            self._pumps.append(pump)
            pump.start()

    def _pump(self, name: str, stream: IO[bytes]) -> None:
        try:
            descriptor = stream.fileno()
        except ValueError:  # closed by an interrupt before this thread had begun
            return
        while data := os.read(descriptor, _PIECE_BYTES):
            self._sink(name, data)

    def _drain(self) -> None:
        """Wait until what was printed has reached the sink."""
        for pump in self._pumps:
            if pump.is_alive():  # an interrupt may come before it was started
                pump.join(_DRAIN_TIMEOUT_S)


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        # What was not yet written to a process that is dead cannot be written any more.
        with suppress(BrokenPipeError):
            if stream is not None:
                stream.close()


def _tell(
    process: subprocess.Popen[bytes], words: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Tell the waiting process what to execute."""
    order = process_gate.order(
        [os.fsencode(word) for word in words],
        {os.fsencode(name): os.fsencode(value) for name, value in environment.items()},
    )
    assert process.stdin is not None
    try:
        process.stdin.write(order)
        process.stdin.close()
    except BrokenPipeError as error:
        raise EngineError("the process that was to become the operator was ended") from error


def _read(pipe: int, give_up_at: float, until: bytes | None = None) -> bytes:
    """Read a pipe to its end, or until it has said ``until``; StartTimeoutError."""
    said = b""
    while said != until:
        left_s = max(0.0, give_up_at - time.monotonic())
        if not select.select([pipe], [], [], left_s)[0]:
            raise StartTimeoutError("the operator's process did not start in time")
        piece = os.read(pipe, _PIECE_BYTES)
        if not piece:
            break
        said += piece
    return said


def _start_failed(word: str, number: int) -> StartFailedError:
    missing = number in {errno.ENOENT, errno.ENOTDIR}
    return StartFailedError(
        f"{word}: {os.strerror(number)}",
        container_exit_code=_NOT_FOUND if missing else _NOT_EXECUTABLE,
        hint=f"command -v {word}" if missing else f"ls -l {word}",
    )


def _wait_but_leave(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code, as a shell tells it, and leave the zombie to be measured."""
    try:
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:  # ``unmake`` was quicker
        ended = None
    if ended is None:
        code = process.wait()
        return code if code >= 0 else _SIGNAL_BASE - code
    if ended.si_code == os.CLD_EXITED:
        return ended.si_status
    return _SIGNAL_BASE + ended.si_status
