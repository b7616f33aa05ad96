"""A way to an engine on another machine: its socket, forwarded by the system's own ``ssh``.

The user's ``~/.ssh/config``, agent, known hosts and jump hosts hold, as with ``ssh`` typed by hand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cpost.engine.owner import Owner, token_is_alive
from cpost.errors import EngineUnreachableError

_REMOTE_SOCKET = "/var/run/docker.sock"
_FOLDER = "cpost-ssh-"  # and the token of the cpost that made it
_CONNECT_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 5.0
_LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes, see unix(7)

_OPTIONS = {
    "BatchMode": "yes",  # nobody is there to answer a question
    "LogLevel": "INFO",  # tells why the far socket cannot be had
    "ServerAliveInterval": "15",  # a machine that vanished is noticed after a minute
    "ServerAliveCountMax": "4",
    "ControlPath": "none",  # a shared connection would keep the forwarding after cpost's end
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "RemoteCommand": "none",
    "PermitLocalCommand": "no",
}

# Executed in place of ssh, to become it: the kernel then ends ssh when cpost ends, even by
# SIGKILL. (1 is PR_SET_PDEATHSIG, 15 SIGTERM, see prctl(2). It is the thread that started ssh
# whose end counts, so a tunnel is opened in the main thread.) A preexec_fn could do the same, but
# is not safe in a process with threads.
_ENDS_WITH_ITS_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, slots=True)
class SshAddress:
    """What ``ssh://[user@]host[:port][/path/of/the/socket]`` names."""

    host: str
    user: str | None = None
    port: int | None = None
    socket: str = _REMOTE_SOCKET

    @classmethod
    def of(cls, url: str) -> SshAddress:
        """Take an address apart; EngineUnreachableError where it is none."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _no_address(url, str(error)) from error
        user, _, where = parts.netloc.rpartition("@")
        # Not parts.hostname: that is in small letters, and names in ~/.ssh/config need not be.
        host = (where if port is None else where.rpartition(":")[0]).strip("[]")
        if ":" in user:
            raise _no_address(f"ssh://…@{host}", "ssh takes no password in an address")
        if not host:
            raise _no_address(url, "there is no host")
        path = parts.path if parts.path not in {"", "/"} else _REMOTE_SOCKET
        return cls(host, user or None, port, path)

    def words(self) -> list[str]:
        """Return what names it on the command line of ``ssh``."""
        port = [] if self.port is None else ["-p", str(self.port)]
        user = [] if self.user is None else ["-l", self.user]
        return [*port, *user, "--", self.host]  # what begins with a hyphen is no option

    def __str__(self) -> str:
        """Return what to type after ``ssh``."""
        port = f"-p {self.port} " if self.port else ""
        return f"{port}{self.user}@{self.host}" if self.user else f"{port}{self.host}"


@contextmanager
def ssh_tunnel(url: str) -> Iterator[Path]:
    """Yield a unix socket of this machine that leads to the engine at ``url``.

    It is there until the block ends, and for this user alone. Raises EngineUnreachableError with
    ssh's own last words, also where the far engine's socket turns out to be out of reach.
    """
    address = SshAddress.of(url)
    if shutil.which("ssh") is None:
        raise EngineUnreachableError(
            f"the container engine at {url} is reached by ssh, and there is no such program here",
            hint="sudo apt-get install openssh-client",
        )
    with _private_folder() as folder:
        log, near = folder / "ssh.log", folder / "docker.sock"
        with _executing(address, near, log) as ssh:
            _wait_until_open(ssh, near, log, address)
            try:
                yield near
            except EngineUnreachableError as error:
                raise _refused(address, log, str(error)) from error


@contextmanager
def _executing(address: SshAddress, near: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    options = [word for key, value in _OPTIONS.items() for word in ("-o", f"{key}={value}")]
    command: Sequence[str] = [
        *(sys.executable, "-I", "-S", "-c", _ENDS_WITH_ITS_PARENT, str(os.getpid())),
        *("ssh", "-N", "-T", *options, "-L", f"{near}:{address.socket}", *address.words()),
    ]
    with log.open("wb") as told:
        ssh = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,  # Ctrl-C is for cpost, which needs ssh to unmake what it made
        )
    try:
        yield ssh
    finally:
        ssh.terminate()
        try:
            ssh.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            ssh.kill()
            ssh.wait()


def _wait_until_open(
    ssh: subprocess.Popen[bytes], near: Path, log: Path, address: SshAddress
) -> None:
    deadline = time.monotonic() + _CONNECT_TIMEOUT_S
    while not near.exists():
        if ssh.poll() is not None:
            raise _refused(address, log)
        if time.monotonic() > deadline:
            raise EngineUnreachableError(
                f"ssh {address} did not connect within {_CONNECT_TIMEOUT_S:.0f} s",
                hint=f"ssh {address} docker version",
            )
        time.sleep(0.02)


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Yield a folder of this user alone; first remove those of cposts that were killed."""
    place = Path(tempfile.gettempdir())
    if len(str(place)) > _LONGEST_SOCKET_PATH - 60:
        place = Path("/tmp")  # the path of a socket must be short
    for left in place.glob(f"{_FOLDER}*"):
        if not token_is_alive(left.name.removeprefix(_FOLDER)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{_FOLDER}{Owner.current('').token}n", dir=place, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def _refused(
    address: SshAddress, log: Path, otherwise: str = "it said nothing"
) -> EngineUnreachableError:
    told = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    words = next((line for line in reversed(told) if line), otherwise)
    return EngineUnreachableError(
        f"the container engine at {address.socket} of {address.host} is not reached by ssh: "
        f"{words}",
        hint=f"ssh {address} docker version",
    )


def _no_address(url: str, why: str) -> EngineUnreachableError:
    return EngineUnreachableError(
        f"{url} names no engine: {why}", hint="DOCKER_HOST=ssh://user@host"
    )
