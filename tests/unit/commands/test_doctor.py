from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cpost.commands import doctor
from cpost.engine.port import EngineInfo
from cpost.errors import EngineUnreachableError
from cpost.meter.cgroup_host import CgroupHost, Hierarchy

Examine = Callable[..., tuple[int, str]]


class FakeEngine:
    def __init__(self, info: EngineInfo) -> None:
        self._info = info

    def info(self) -> EngineInfo:
        return self._info

    def close(self) -> None:
        pass


V2 = CgroupHost(2, {"unified": Hierarchy(Path("/sys/fs/cgroup"))}, frozenset({"memory", "cpu"}))
NONE = CgroupHost(None, {}, frozenset())
DOCKER = EngineInfo(
    "Docker Engine", "28.1", "unix:///none.sock", cgroup_version=2, cgroup_driver="cgroupfs"
)


@pytest.fixture
def examine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Examine:
    def run(
        info: EngineInfo | EngineUnreachableError,
        host: CgroupHost = V2,
        *,
        refusal: str | None = None,
        engine: str = "auto",
    ) -> tuple[int, str]:
        def open_engine(*_: object) -> FakeEngine:
            if isinstance(info, EngineUnreachableError):
                raise info
            return FakeEngine(info)

        monkeypatch.setattr(doctor, "open_engine", open_engine)
        monkeypatch.setattr(doctor, "cgroup_host", lambda: host)
        monkeypatch.setattr(doctor, "parent_cgroup_refusal", lambda **_: refusal)
        monkeypatch.setenv("CPOST_RECORD_DIR", str(tmp_path / "record"))
        return doctor.execute(argparse.Namespace(engine=engine)), capsys.readouterr().out

    return run


def test_a_machine_that_can_do_all_is_exit_0_and_says_which_rung(examine: Examine) -> None:
    code, out = examine(DOCKER)
    assert code == 0
    assert "Docker Engine 28.1 at unix:///none.sock, on this machine; cgroup v2" in out
    assert "driver cgroupfs" in out
    assert "[ ok ] rung    parent cgroup v2" in out


@pytest.mark.parametrize(
    ("user", "mend"),
    [(1000, "mend: execute cpost as root"), (0, "mend: mount -o remount,rw /sys/fs/cgroup")],
)
def test_a_lower_rung_says_why_and_what_would_lift_it(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, user: int, mend: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    code, out = examine(DOCKER, refusal="only root may")
    assert code == 0
    assert "container cgroup v2: what happens after the last sample is lost, since only root" in out
    assert mend in out


def test_an_engine_elsewhere_is_measured_by_its_own_statistics(examine: Examine) -> None:
    remote = EngineInfo("Docker Engine", "28.1", "tcp://far:2376", local=False)
    _, out = examine(remote)
    assert "on another machine or in a virtual one" in out
    assert "engine stats: one reading a second" in out


def test_an_engine_elsewhere_needs_no_cgroups_here(examine: Examine) -> None:
    remote = EngineInfo("Podman", "5.0", "ssh://far", rootless=True, local=False)
    code, out = examine(remote, NONE)
    assert code == 0
    assert "Podman 5.0 at ssh://far, rootless, on another machine" in out
    assert "[lack]" not in out


def test_a_machine_without_usable_cgroups_is_measured_by_the_engines_statistics(
    examine: Examine,
) -> None:
    _, out = examine(DOCKER, NONE)
    assert "engine stats: one reading a second, the last second is lost, since no cgroup" in out


def test_local_processes_stand_on_a_rung_of_their_own(examine: Examine) -> None:
    processes = EngineInfo("local processes", "1", "here")
    _, out = examine(processes, refusal="no right to write", engine="process")
    assert "process tree, with --engine process" in out
    assert "no better rung, since no right to write" in out


@pytest.mark.parametrize(
    ("known", "installed", "told"),
    [
        (
            {"gpu_runtime": True},
            True,
            "[ ok ] GPU     the engine has a GPU runtime, and its use is",
        ),
        ({"gpu_runtime": True}, False, "mend: pip install 'cpost[gpu]'"),
        ({"gpu_runtime": True, "local": False}, True, "its use is not measured there"),
        ({}, False, "no GPU runtime: requests.gpu is ignored"),
    ],
)
def test_it_says_whether_the_use_of_gpus_can_be_measured(
    examine: Examine,
    monkeypatch: pytest.MonkeyPatch,
    known: dict[str, bool],
    installed: bool,
    told: str,
) -> None:
    monkeypatch.setattr("cpost.meter.nvml.is_installed", lambda: installed)
    _, out = examine(replace(DOCKER, **known))
    assert told in out


def test_no_engine_is_exit_4_with_what_to_install_and_what_can_be_had_without(
    examine: Examine,
) -> None:
    error = EngineUnreachableError("no engine", hint="apt-get install it")
    code, out = examine(error)
    assert code == 4
    assert "[lack] engine  no engine\n               mend: apt-get install it" in out
    assert "with --engine process" in out


def test_a_machine_without_cgroups_is_exit_5(examine: Examine) -> None:
    code, out = examine(DOCKER, NONE)
    assert code == 5
    assert "no cgroup hierarchy is mounted" in out


def test_a_socket_of_a_group_without_a_name_is_told_by_its_number(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_name(_path: Path) -> str:
        raise KeyError("getgrgid(): gid not found")

    monkeypatch.setattr(Path, "group", no_name)
    socket = tmp_path / "docker.sock"
    socket.touch()
    _, out = examine(replace(DOCKER, address=f"unix://{socket}"))
    assert f"members of the group {socket.stat().st_gid} " in out


def test_a_user_without_a_name_is_told_by_his_number(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", no_name)
    monkeypatch.setattr("os.geteuid", lambda: 1234)
    assert "user 1234 may use it" in examine(DOCKER)[1]
