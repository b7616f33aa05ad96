import os
from pathlib import Path

from fake_cgroups import host_v1, host_v2, write_process

from cpost.meter.user_tree import user_tree


def make(place: Path, controllers: str) -> Path:
    place.mkdir(parents=True)
    (place / "cgroup.controllers").write_text(controllers)
    return place


def manager(root: Path, uid: int, controllers: str = "memory pids\n") -> Path:
    return make(root / "user.slice" / f"user-{uid}.slice" / f"user@{uid}.service", controllers)


def test_it_is_what_the_users_own_systemd_was_given(tmp_path: Path) -> None:
    place = manager(tmp_path, os.geteuid())
    assert user_tree(host_v2(tmp_path)) == place


def test_without_the_memory_controller_it_is_of_no_use(tmp_path: Path) -> None:
    manager(tmp_path, os.geteuid(), "pids\n")
    assert user_tree(host_v2(tmp_path)) is None


def test_what_belongs_to_somebody_else_is_not_ours(tmp_path: Path) -> None:
    place = manager(tmp_path, 4711)  # made by us, so it belongs to us and not to them
    assert place.stat().st_uid == os.geteuid()
    assert user_tree(host_v2(tmp_path), uid=4711) is None


def test_else_it_is_the_topmost_of_this_process_that_was_handed_over(tmp_path: Path) -> None:
    # A container or a job that was given a part of the tree, without systemd in it.
    handed_over = make(tmp_path / "batch" / "job", "cpu memory\n")
    make(handed_over / "step", "memory\n")
    host = host_v2(tmp_path)
    write_process(host.proc, os.getpid(), "0::/batch/job/step\n")
    assert user_tree(host) == handed_over


def test_version_1_hands_over_nothing(tmp_path: Path) -> None:
    manager(tmp_path, os.geteuid())
    assert user_tree(host_v1(tmp_path)) is None
