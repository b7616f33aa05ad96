import os
import signal
import subprocess
from pathlib import Path

import pytest

from cpost.meter import cgroup_tree


def test_every_process_below_is_ended(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    with subprocess.Popen(["sleep", "600"]) as one, subprocess.Popen(["sleep", "600"]) as other:
        (tmp_path / "cgroup.procs").write_text(f"{one.pid}\n")
        (tmp_path / "inner" / "cgroup.procs").write_text(f"{other.pid}\n")
        # They stay zombies until the block ends, as the kernel's list does before Linux 5.2.
        assert cgroup_tree.kill([tmp_path])
    assert (one.returncode, other.returncode) == (-signal.SIGKILL, -signal.SIGKILL)


def test_a_process_of_another_namespace_is_never_taken_for_ourselves(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_text("0\n")
    assert cgroup_tree.kill([tmp_path])  # a signal to 0 would have ended this very test


def test_version_2_is_told_to_end_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "cgroup.kill").write_text("")
    (tmp_path / "cgroup.procs").write_text("")
    assert cgroup_tree.kill([tmp_path])
    assert (tmp_path / "cgroup.kill").read_text() == "1"


def test_no_file_is_made_where_a_kernel_has_none(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_text("")
    cgroup_tree.kill([tmp_path])
    assert not (tmp_path / "cgroup.kill").exists()


def test_controllers_are_handed_on_to_children(tmp_path: Path) -> None:
    control = tmp_path / "cgroup.subtree_control"
    control.write_text("cpu io pids\n")
    cgroup_tree.delegate(tmp_path)
    assert control.read_text().startswith("+memory")


def test_what_is_handed_on_already_is_left_alone(tmp_path: Path) -> None:
    control = tmp_path / "cgroup.subtree_control"
    control.write_text("cpuset cpu io memory pids\n")
    cgroup_tree.delegate(tmp_path)
    assert control.read_text() == "cpuset cpu io memory pids\n"


def test_a_cgroup_that_cannot_hand_on_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        cgroup_tree.delegate(tmp_path)


def test_removing_what_holds_something_else_gives_up_at_once(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "file").write_text("")
    assert not cgroup_tree.remove(tmp_path / "c")
    assert os.listdir(tmp_path) == ["c"]  # noqa: PTH208


def test_a_list_of_processes_that_is_nonsense_ends_nobody(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_bytes(b"-1\n\xff\xfe\nsome 1.5\n")
    assert cgroup_tree.kill([tmp_path])
