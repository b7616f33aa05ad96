import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpost.errors import MeasureError
from cpost.meter.cgroup_host import UNIFIED, Hierarchy, cgroup_host


def write_proc(tmp_path: Path, mountinfo: str) -> Path:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "mountinfo").write_text(mountinfo)
    for line in mountinfo.splitlines():
        mount_point = Path(line.split(" ")[4].replace(r"\040", " "))
        mount_point.mkdir(parents=True, exist_ok=True)
        (mount_point / "cgroup.procs").touch()
    return tmp_path / "proc"


def v2_mount(root: Path, controllers: str) -> str:
    root.mkdir(parents=True)
    (root / "cgroup.controllers").write_text(controllers)
    return f"30 23 0:26 / {root} rw,nosuid,nodev,noexec - cgroup2 cgroup2 rw,nsdelegate\n"


def v1_mount(root: Path, controllers: str, cgroup: str = "/") -> str:
    return f"33 31 0:30 {cgroup} {root} rw,relatime shared:9 - cgroup cgroup rw,{controllers}\n"


def test_a_host_with_version_2_alone(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    host = cgroup_host(write_proc(tmp_path, v2_mount(root, "cpuset cpu io memory pids\n")))
    assert host.version == 2
    assert host.hierarchies[UNIFIED] == Hierarchy(root)
    assert "memory" in host.controllers
    host.require_usable()


def test_controllers_of_version_1_beside_an_empty_version_2_count_as_version_1(
    tmp_path: Path,
) -> None:
    mounts = (
        v2_mount(tmp_path / "unified", "hugetlb\n")
        + v1_mount(tmp_path / "memory", "memory")
        + v1_mount(tmp_path / "cpu,cpuacct", "cpu,cpuacct")
        + v1_mount(tmp_path / "systemd", "xattr,name=systemd")
    )
    host = cgroup_host(write_proc(tmp_path, mounts))
    assert host.version == 1
    assert host.hierarchies["cpuacct"] == host.hierarchies["cpu"]
    assert host.hierarchies["cpu"].mount_point == tmp_path / "cpu,cpuacct"
    assert host.controllers == {"memory", "cpu", "cpuacct", "name=systemd"}
    host.require_usable()


def test_memory_in_version_2_beside_leftovers_of_version_1_counts_as_version_2(
    tmp_path: Path,
) -> None:
    mounts = v1_mount(tmp_path / "freezer", "freezer") + v2_mount(tmp_path / "u", "cpu memory\n")
    assert cgroup_host(write_proc(tmp_path, mounts)).version == 2


def test_a_kernel_that_accounts_no_memory_is_told_with_the_parameter_that_mends_it(
    tmp_path: Path,
) -> None:
    host = cgroup_host(write_proc(tmp_path, v2_mount(tmp_path / "u", "cpu io pids\n")))
    with pytest.raises(MeasureError, match="no memory controller") as told:
        host.require_usable()
    assert "cgroup_enable=memory" in (told.value.hint or "")


def test_a_machine_without_cgroups_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    host = cgroup_host(write_proc(tmp_path, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"))
    assert host.version is None
    with pytest.raises(MeasureError, match="no cgroup hierarchy") as told:
        host.require_usable()
    assert "mount -t cgroup2" in (told.value.hint or "")


def test_a_machine_without_proc_has_no_cgroups(tmp_path: Path) -> None:
    assert cgroup_host(tmp_path / "nowhere").version is None


def test_a_memory_controller_that_is_not_mounted_is_not_the_kernels_fault(tmp_path: Path) -> None:
    proc = write_proc(tmp_path, v1_mount(tmp_path / "cpu", "cpu,cpuacct"))
    (proc / "cgroups").write_text(
        "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t3\t1\t1\nmemory\t0\t1\t1\n"
    )
    with pytest.raises(MeasureError, match="not mounted") as told:
        cgroup_host(proc).require_usable()
    assert "mount -t cgroup -o memory" in str(told.value.hint)


def test_a_mount_that_lies_hidden_beneath_another_counts_for_nothing(tmp_path: Path) -> None:
    proc = write_proc(tmp_path, v1_mount(tmp_path / "memory", "memory"))
    (tmp_path / "memory" / "cgroup.procs").unlink()  # something else is mounted there by now
    assert cgroup_host(proc).version is None


def test_version_1_without_cpu_time_is_told(tmp_path: Path) -> None:
    host = cgroup_host(write_proc(tmp_path, v1_mount(tmp_path / "memory", "memory")))
    with pytest.raises(MeasureError, match="no cpuacct controller"):
        host.require_usable()


def test_a_mount_point_with_a_space_is_understood(tmp_path: Path) -> None:
    line = v1_mount(tmp_path / "my cgroups", "memory").replace("my cgroups", r"my\040cgroups")
    host = cgroup_host(write_proc(tmp_path, line))
    assert host.hierarchies["memory"].mount_point == tmp_path / "my cgroups"


@pytest.mark.parametrize(
    ("root", "cgroup", "seen"),
    [
        ("/", "/docker/abc", "docker/abc"),
        ("/", "/", "."),
        ("/docker/abc", "/docker/abc/inner", "inner"),
        ("/docker/abc", "/docker/abc", "."),
        ("/docker/abc", "/docker/abcdef", None),
        ("/docker/abc", "/system.slice", None),
        ("/", "/../other", None),
    ],
)
def test_a_cgroup_is_seen_only_below_what_is_mounted(
    root: str, cgroup: str, seen: str | None
) -> None:
    directory = Hierarchy(Path("/sys/fs/cgroup"), root).directory(cgroup)
    assert directory == (None if seen is None else Path("/sys/fs/cgroup") / seen)


def test_the_cgroups_of_a_process_are_found_by_controller(tmp_path: Path) -> None:
    mounts = v1_mount(tmp_path / "memory", "memory") + v1_mount(tmp_path / "cpu", "cpu,cpuacct")
    proc = write_proc(tmp_path, mounts)
    (proc / "7").mkdir()
    (proc / "7" / "cgroup").write_text("9:cpu,cpuacct:/a:b\n4:memory:/m\n3:pids:/p\n0::/u\n")
    found = cgroup_host(proc).directories_of(7)
    assert found == {
        "cpu": ("/a:b", tmp_path / "cpu" / "a:b"),
        "cpuacct": ("/a:b", tmp_path / "cpu" / "a:b"),
        "memory": ("/m", tmp_path / "memory" / "m"),
    }


def test_a_process_that_has_ended_is_in_no_cgroup(tmp_path: Path) -> None:
    proc = write_proc(tmp_path, v1_mount(tmp_path / "memory", "memory"))
    assert cgroup_host(proc).directories_of(4711) == {}


def test_this_very_machine_is_understood() -> None:
    host = cgroup_host()
    for hierarchy in host.hierarchies.values():
        assert re.match("/", str(hierarchy.mount_point))
        assert hierarchy.mount_point.is_dir()


@given(st.binary(max_size=300))
def test_whatever_the_kernels_tables_hold_a_host_is_told_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    proc = tmp_path_factory.mktemp("proc")
    for folder in ("self", "7"):
        (proc / folder).mkdir()
    (proc / "cgroup.procs").touch()  # what every mounted hierarchy has
    (proc / "cgroup.controllers").write_bytes(garbage)
    mount = f"30 23 0:26 / {proc} rw - cgroup2 cgroup2 rw\n".encode()
    (proc / "self" / "mountinfo").write_bytes(garbage + b"\n" + mount)
    (proc / "7" / "cgroup").write_bytes(garbage)
    host = cgroup_host(proc)
    assert UNIFIED in host.hierarchies
    for name, directory in host.directories_of(7).values():
        assert isinstance(name, str)
        assert isinstance(directory, Path)
