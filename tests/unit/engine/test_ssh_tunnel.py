"""The tunnel around an ``ssh`` that is a few lines of shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from cpost.engine.connection import Endpoint
from cpost.engine.ssh_tunnel import SshAddress, ssh_tunnel
from cpost.errors import EngineUnreachableError

# Puts a file where -L says the socket is to be.
FIND = 'while [ "$1" != -L ]; do shift; done; touch "${2%%:*}"'


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands with an ``ssh`` in it; write what it is to do."""
    commands = tmp_path / "bin"
    commands.mkdir()
    place = tmp_path / "t"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    monkeypatch.setenv("NOTES", str(tmp_path))
    return commands / "ssh"


def write(command: Path, script: str) -> None:
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("url", "words", "socket"),
    [
        ("ssh://far", ["--", "far"], "/var/run/docker.sock"),
        ("ssh://far/", ["--", "far"], "/var/run/docker.sock"),
        ("ssh://me@Far:2222", ["-p", "2222", "-l", "me", "--", "Far"], "/var/run/docker.sock"),
        ("ssh://far/run/user/1/d.sock", ["--", "far"], "/run/user/1/d.sock"),
        ("ssh://me@[::1]:22", ["-p", "22", "-l", "me", "--", "::1"], "/var/run/docker.sock"),
        ("ssh://-oProxyCommand=x", ["--", "-oProxyCommand=x"], "/var/run/docker.sock"),
    ],
)
def test_an_address_is_taken_apart_as_it_is_written(
    url: str, words: list[str], socket: str
) -> None:
    address = SshAddress.of(url)
    assert (address.words(), address.socket) == (words, socket)


@pytest.mark.parametrize(
    "url", ["ssh://", "ssh://me@", "ssh://far:port", "ssh://far:99999", "ssh://[::1"]
)
def test_what_names_no_machine_is_told(url: str) -> None:
    with pytest.raises(EngineUnreachableError, match="names no engine"):
        SshAddress.of(url)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(EngineUnreachableError, match="no password") as told:
        SshAddress.of("ssh://me:secret@far")
    assert "secret" not in str(told.value)


def test_without_a_program_ssh_its_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(EngineUnreachableError, match="no such program") as told,
        ssh_tunnel("ssh://far"),
    ):
        pass
    assert told.value.hint == "sudo apt-get install openssh-client"


def test_its_last_words_are_told_with_the_command_that_repeats_them(fake_ssh: Path) -> None:
    write(fake_ssh, "echo Banner >&2; echo 'me@far: Permission denied (publickey).' >&2; exit 255")
    endpoint = Endpoint("ssh://me@far:2222", "DOCKER_HOST")
    with (
        pytest.raises(EngineUnreachableError, match=r"far is not reached .*: me@far: Perm") as told,
        endpoint.reached(),
    ):
        pass
    assert told.value.hint == "ssh -p 2222 me@far docker version"


def test_a_socket_that_is_out_of_reach_over_there_is_told_by_ssh_too(fake_ssh: Path) -> None:
    write(fake_ssh, f"echo 'open failed: no such file' >&2; {FIND}; exec sleep 600")
    with (
        pytest.raises(EngineUnreachableError, match="open failed: no such file"),
        Endpoint("ssh://far/none.sock", "DOCKER_HOST").reached() as near,
    ):
        near.client()


def test_it_asks_nobody_and_ends_with_the_block(fake_ssh: Path, tmp_path: Path) -> None:
    write(fake_ssh, f'echo "$@" >"$NOTES/words"; echo $$ >"$NOTES/pid"; {FIND}; exec sleep 600')
    with ssh_tunnel("ssh://far") as near:
        assert near.exists()
        assert near.parent.stat().st_mode & 0o077 == 0
        pid = int((tmp_path / "pid").read_text())
        assert alive(pid)
        # A terminal's Ctrl-C goes to cpost's group, and must not end what cpost still needs.
        assert os.getpgid(pid) != os.getpgid(0)
    assert not alive(pid)
    assert not near.parent.exists()
    assert "BatchMode=yes" in (tmp_path / "words").read_text()


def test_it_ends_with_a_process_that_is_killed_and_the_next_removes_its_folder(
    fake_ssh: Path, tmp_path: Path
) -> None:
    write(fake_ssh, f'echo $$ >"$NOTES/pid"; {FIND}; exec sleep 600')
    program = (
        "import tempfile, time\n"
        f"tempfile.tempdir = {tempfile.tempdir!r}\n"
        "from cpost.engine.ssh_tunnel import ssh_tunnel\n"
        "with ssh_tunnel('ssh://far') as near: print(near, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        left = Path(holder.stdout.readline().decode().strip()).parent
        pid = int((tmp_path / "pid").read_text())
        holder.send_signal(signal.SIGKILL)
    until_gone(pid)
    assert left.exists()
    with ssh_tunnel("ssh://far"):
        assert not left.exists()
