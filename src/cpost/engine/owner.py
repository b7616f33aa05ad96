"""Who made a thing: told by labels on it, so that the next cpost knows the living from the dead."""

from __future__ import annotations

import getpass
import os
import re
import socket
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

SESSION_LABEL = "cpost.session"
_PROC = Path("/proc")
_TOKEN = re.compile(r"(\d+)x(\d+)i(\d+)n")


@dataclass(frozen=True, slots=True)
class Owner:
    """A cpost process, identified beyond doubt on its own host.

    A process number alone is reused sooner or later, so its start time (in clock ticks since
    boot) stands beside it; ``namespace`` names the boot and the process namespace in which both
    are counted.
    """

    session_id: str
    pid: int
    start_ticks: int
    namespace: str
    host: str
    user: str
    since: str  # ISO 8601, UTC

    @classmethod
    def current(cls, session_id: str) -> Owner:
        """Return this very process as the owner of ``session_id``."""
        pid = os.getpid()
        ticks = start_ticks(pid)
        return cls(
            session_id=session_id,
            pid=pid,
            start_ticks=ticks if ticks is not None else 0,
            namespace=_namespace(),
            host=socket.gethostname(),
            user=_user_name(),
            since=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    @classmethod
    def from_labels(cls, labels: Mapping[str, str]) -> Owner | None:
        """Return the owner that ``labels`` tell of; None where they are not (all) cpost's."""
        try:
            return cls(
                session_id=labels[SESSION_LABEL],
                pid=int(labels["cpost.pid"]),
                start_ticks=int(labels["cpost.start_ticks"]),
                namespace=labels["cpost.namespace"],
                host=labels["cpost.host"],
                user=labels["cpost.user"],
                since=labels["cpost.since"],
            )
        except (KeyError, ValueError):
            return None

    def labels(self) -> dict[str, str]:
        """Return the labels to put on a thing of this owner."""
        return {
            SESSION_LABEL: self.session_id,
            "cpost.pid": str(self.pid),
            "cpost.start_ticks": str(self.start_ticks),
            "cpost.namespace": self.namespace,
            "cpost.host": self.host,
            "cpost.user": self.user,
            "cpost.since": self.since,
        }

    @property
    def token(self) -> str:
        """A short name without dashes that leads back to this process (see ``token_is_alive``)."""
        return f"{self.pid}x{self.start_ticks}i{_namespace_number()}"

    def may_be_alive(self) -> bool:
        """Whether this owner may still be at work; one of another host or boot always may."""
        if self.host == socket.gethostname() and self.namespace == _namespace():
            return start_ticks(self.pid) == self.start_ticks
        return True

    def __str__(self) -> str:
        """Return who it is, for an error message."""
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since}"


def token_is_alive(token: str) -> bool:
    """Whether the process behind an owner's ``token`` may live.

    One of another host, boot or process namespace always may, and so may what is no token at all:
    it is somebody else's.
    """
    match = _TOKEN.match(token)
    if match is None:
        return True
    pid, ticks, namespace = map(int, match.groups())
    return namespace != _namespace_number() or start_ticks(pid) == ticks


def start_ticks(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None if there is none."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the command in brackets and may itself hold brackets and spaces.
    fields = stat.rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):  # a zombie does nothing any more
        return None
    return int(fields[19])


def _namespace() -> str:
    boot_id = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot_id}/{(_PROC / 'self/ns/pid').readlink()}"


def _namespace_number() -> int:
    return zlib.crc32(_namespace().encode())


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user number without a name, as in many containers
        return f"uid {os.getuid()}"
