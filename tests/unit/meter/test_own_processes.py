from __future__ import annotations

from pathlib import Path

import pytest

from cpost.meter.own_processes import OwnProcesses
from cpost.meter.target import Target

ID = "47ca2626929006154a5515eba841755993df3f298de0abcdc5b9b951971470ca"
CONTAINER = Target(pid=None, cgroup_name=ID, parent_cgroup="/cpost/t1")
PLAIN = Target(pid=None, parent_cgroup="/cpost/t1", process_tree=True)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for pid, cgroups in {
        10: f"0::/cpost/t1/{ID}/init.scope\n",
        11: f"9:memory:/cpost/t1/{ID}\n1:name=systemd:/cpost/t1/{ID}\n",
        12: f"0::/system.slice/docker-{ID}.scope\n",
        13: "0::/cpost/t1\n",
        14: f"0::/machine.slice/libpod-conmon-{ID}.scope\n",
        15: "0::/user.slice\n",
        16: "0::/cpost/t11\n",
    }.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cgroup").write_text(cgroups)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "own"), [(CONTAINER, {10, 11, 12}), (PLAIN, {10, 11, 13}), (Target(pid=10), set())]
)
def test_a_process_is_the_containers_by_its_cgroup(
    proc: Path, target: Target, own: set[int]
) -> None:
    processes = OwnProcesses(target, proc)
    assert {pid for pid in range(9, 18) if pid in processes} == own
    assert processes.can_be_told is bool(own)


def test_a_process_that_has_ended_is_still_known_if_it_was_seen(proc: Path) -> None:
    processes = OwnProcesses(CONTAINER, proc)
    assert 10 in processes
    for pid in (10, 11):
        (proc / str(pid) / "cgroup").unlink()
    assert 10 in processes
    assert 11 not in processes
