"""Ways to the engine of these tests that make it look as if it were on another machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from lacking import lacking

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def engine_socket() -> str:
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


class _Handler(socketserver.BaseRequestHandler):
    """Copies both ways between a client and the engine."""

    server: _Proxy

    def handle(self) -> None:
        with ExitStack() as ends, suppress(OSError):
            near = self.request
            if self.server.tls is not None:
                near = ends.enter_context(self.server.tls.wrap_socket(near, server_side=True))
            far = ends.enter_context(socket.socket(socket.AF_UNIX))
            far.connect(engine_socket())
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    tls: ssl.SSLContext | None = None


@contextmanager
def over_tcp(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield a port of the loopback device where the engine answers."""
    with _Proxy(("127.0.0.1", 0), _Handler) as proxy:
        proxy.tls = tls
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy.server_address[1]
        finally:
            proxy.shutdown()
            thread.join()


@contextmanager
def sshd(folder: Path) -> Iterator[dict[str, str]]:
    """Yield an environment in which ``ssh elsewhere`` leads to this machine, with a key of its own.

    ``ssh`` asks for its user's home directory where no variable could lead it elsewhere, so the
    configuration is given by a command of that name.
    """
    if SSHD is None or shutil.which("ssh-keygen") is None:
        lacking("no sshd is here", "sudo apt-get install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what the package's service makes
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host_key = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM yes\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "PermitRootLogin prohibit-password\n"
    )
    (folder / "ssh_config").write_text(
        f"Host Elsewhere\n HostName 127.0.0.1\n Port {port}\n IdentityFile {folder}/user\n"
        f"Host *\n IdentitiesOnly yes\n UserKnownHostsFile {folder}/known_hosts\n"
        " GlobalKnownHostsFile /dev/null\n"
    )
    commands = folder / "bin"
    commands.mkdir()
    wrapper = commands / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    wrapper.chmod(0o755)
    command = [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen(command, stderr=log)
    try:
        until(lambda: "listening" in (folder / "sshd.log").read_text())
        yield {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "DOCKER_HOST": f"ssh://Elsewhere{engine_socket()}",
            "SSH_PORT": str(port),
        }
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def elsewhere(*words: object, prepare: str = "umount -R /sys/fs/cgroup") -> list[str]:
    """Return a command that executes cpost as on another machine than the engine's.

    Its processes have numbers of their own, its host another name, and no cgroup is to be seen.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root may make namespaces (try as root)")
    script = f'hostname elsewhere && {prepare} && exec "$@"'
    namespaces = ["--mount", "--uts", "--pid", "--fork", "--kill-child=TERM", "--mount-proc"]
    cpost = [sys.executable, "-m", "cpost", *map(str, words)]
    return ["unshare", *namespaces, "sh", "-c", script, "sh", *cpost]


def until(condition: Callable[[], object], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
