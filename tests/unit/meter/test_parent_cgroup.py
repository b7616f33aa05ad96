import os
from pathlib import Path

import pytest
from fake_cgroups import host_v1, host_v2

from cpost.meter.cgroup_host import UNIFIED, CgroupHost
from cpost.meter.parent_cgroup import (
    ParentCgroup,
    parent_cgroup,
    parent_cgroup_refusal,
    parent_directories,
    remove_leftovers,
)
from cpost.meter.slices import SliceManager


def test_each_driver_is_told_its_own_kind_of_name(tmp_path: Path) -> None:
    host = host_v2(tmp_path)
    assert ParentCgroup("12x34n1", driver="cgroupfs", host=host).name == "/cpost/12x34n1"
    assert ParentCgroup("12x34n1", driver="systemd", host=host).name == "cpost12x34n1.slice"


def test_a_slice_is_found_where_systemd_makes_it(tmp_path: Path) -> None:
    host = host_v2(tmp_path)
    parent = ParentCgroup("t1", driver="systemd", host=host)
    assert parent.directories() == {}
    (tmp_path / "cpostt1.slice").mkdir()
    assert parent.directories() == {UNIFIED: tmp_path / "cpostt1.slice"}


def test_a_rootless_engine_has_its_slices_where_its_user_has_them(tmp_path: Path) -> None:
    host = host_v2(tmp_path)
    parent = ParentCgroup("t1", driver="systemd", host=host, slices=SliceManager.of_user(1000))
    assert parent.name == "cpostt1.slice"
    assert parent_directories(parent.path, host) == {}
    place = tmp_path / "user.slice" / "user-1000.slice" / "user@1000.service" / "cpostt1.slice"
    place.mkdir(parents=True)
    assert parent_directories(parent.path, host) == {UNIFIED: place}


def test_nobody_removes_the_slices_of_another_users_engine(tmp_path: Path) -> None:
    assert SliceManager.of_user(os.geteuid() + 1).refusal(tmp_path) is not None


def test_a_rootless_engine_without_systemd_gives_no_parent_cgroup_and_says_so(
    tmp_path: Path,
) -> None:
    refusal = parent_cgroup_refusal(driver="cgroupfs", host=host_v2(tmp_path), rootless=True)
    assert "rootless" in (refusal or "")


def test_version_1_has_a_directory_for_each_controller(tmp_path: Path) -> None:
    host = host_v1(tmp_path)
    (tmp_path / "memory" / "cpost" / "t1").mkdir(parents=True)
    (tmp_path / "cpuacct" / "cpost" / "t1").mkdir(parents=True)
    assert parent_directories("/cpost/t1", host) == {
        "memory": tmp_path / "memory" / "cpost" / "t1",
        "cpuacct": tmp_path / "cpuacct" / "cpost" / "t1",
    }


def test_removing_takes_children_first_and_the_empty_folder_above(tmp_path: Path) -> None:
    (tmp_path / "cpost" / "t1" / "child" / "grandchild").mkdir(parents=True)
    assert ParentCgroup("t1", driver="cgroupfs", host=host_v2(tmp_path)).remove()
    assert not (tmp_path / "cpost").exists()


def test_removing_leaves_the_folder_above_to_another_cpost(tmp_path: Path) -> None:
    (tmp_path / "cpost" / "t1").mkdir(parents=True)
    (tmp_path / "cpost" / "other").mkdir()
    assert ParentCgroup("t1", driver="cgroupfs", host=host_v2(tmp_path)).remove()
    assert [folder.name for folder in (tmp_path / "cpost").iterdir()] == ["other"]


def test_removing_what_was_never_made_is_no_error(tmp_path: Path) -> None:
    assert ParentCgroup("t1", driver="cgroupfs", host=host_v2(tmp_path)).remove()


def test_a_slice_is_stopped_by_systemd_and_only_if_it_is_there(tmp_path: Path) -> None:
    stopped: list[str] = []

    def stop_slice(name: str) -> None:
        stopped.append(name)
        (tmp_path / name).rmdir()

    parent = ParentCgroup("t1", driver="systemd", host=host_v2(tmp_path), stop_slice=stop_slice)
    assert parent.remove()
    assert stopped == []
    (tmp_path / "cpostt1.slice").mkdir()
    assert parent.remove()
    assert stopped == ["cpostt1.slice"]


def test_only_what_dead_runs_left_is_removed(tmp_path: Path) -> None:
    for token in ("dead1", "alive1", "dead2"):
        (tmp_path / "cpost" / token).mkdir(parents=True)
    (tmp_path / "cpost" / "cgroup.procs").write_text("")
    remove_leftovers(host_v2(tmp_path), lambda token: token.startswith("alive"))
    left = sorted(one.name for one in (tmp_path / "cpost").iterdir())
    assert left == ["alive1", "cgroup.procs"]


def test_a_driver_that_nobody_knows_gives_no_parent_cgroup_and_says_so(tmp_path: Path) -> None:
    host = host_v2(tmp_path)
    assert parent_cgroup("t1", driver="none", host=host) is None
    assert "driver is none" in (parent_cgroup_refusal(driver="none", host=host) or "")
    assert "driver is unknown" in (parent_cgroup_refusal(driver=None, host=host) or "")


def test_without_a_hierarchy_there_is_no_parent_cgroup() -> None:
    host = CgroupHost(None, {}, frozenset())
    assert "no cgroup hierarchy" in (parent_cgroup_refusal(driver="cgroupfs", host=host) or "")


def test_where_nothing_may_be_written_there_is_no_parent_cgroup(tmp_path: Path) -> None:
    # Not even root may write where there is nothing; for others any system folder would do.
    host = host_v2(tmp_path / "not mounted")
    assert "no right to write" in (parent_cgroup_refusal(driver="cgroupfs", host=host) or "")


def test_a_driver_cgroupfs_that_may_be_written_gives_a_parent_cgroup(tmp_path: Path) -> None:
    (tmp_path / "cpost").mkdir()
    parent = parent_cgroup("t1", driver="cgroupfs", host=host_v2(tmp_path))
    assert parent is not None
    assert parent.name == "/cpost/t1"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may stop slices")
def test_only_root_may_stop_slices(tmp_path: Path) -> None:
    assert "only root" in (parent_cgroup_refusal(driver="systemd", host=host_v2(tmp_path)) or "")


def test_the_folder_that_a_killed_cpost_left_without_a_run_is_removed(tmp_path: Path) -> None:
    (tmp_path / "cpost").mkdir()
    remove_leftovers(host_v2(tmp_path), lambda _: True)
    assert not (tmp_path / "cpost").exists()


def test_a_slice_that_systemd_leaves_in_the_tree_is_removed_by_hand(tmp_path: Path) -> None:
    parent = ParentCgroup("t1", driver="systemd", host=host_v2(tmp_path), stop_slice=lambda _: None)
    (tmp_path / parent.path).mkdir()
    assert parent.remove()
    assert list(tmp_path.iterdir()) == []
