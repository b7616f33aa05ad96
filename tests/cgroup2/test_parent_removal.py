"""Who may remove a parent cgroup, and who may only read it."""

from __future__ import annotations

import subprocess

import pytest
from parents import MOUNT, Engine, Parent, counters, number, wait_until_gone

pytestmark = pytest.mark.cgroup2


@pytest.mark.as_root
def test_root_removes_a_parent_and_nothing_is_left(engine: Engine, parent: Parent) -> None:
    before = {entry for entry in MOUNT.rglob("*") if entry.is_dir()}
    engine.execute(parent, "exec true")
    assert parent.path.exists()
    parent.remove()
    wait_until_gone(parent.path)
    left = {entry for entry in MOUNT.rglob("*") if entry.is_dir()} - before
    assert {entry for entry in left if "cposttest" in entry.name} <= {parent.path.parent}


@pytest.mark.as_docker_user
def test_a_docker_user_reads_everything(engine: Engine, parent: Parent) -> None:
    engine.execute(parent, "exec true")
    assert counters(parent.path, "cpu.stat")["usage_usec"] > 0
    assert number(parent.path, "memory.peak") > 0


@pytest.mark.as_docker_user
def test_a_docker_user_removes_nothing(engine: Engine, parent: Parent) -> None:
    engine.execute(parent, "exec true")
    with pytest.raises((PermissionError, subprocess.CalledProcessError)):
        parent.remove()
    with pytest.raises(PermissionError):
        parent.path.rmdir()
    assert parent.path.exists()
