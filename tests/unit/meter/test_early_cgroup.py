import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_cgroups import host_v1, host_v2, write_process, write_v1, write_v2

from cpost.meter.attach import attach
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.cgroup_reader import CgroupReader
from cpost.meter.clock import SystemClock
from cpost.meter.early_cgroup import EarlyCgroup, expect
from cpost.meter.sample import Rung
from cpost.meter.target import Target

CONTAINER = "0123456789abcdef"
CLOCK = SystemClock()
PATIENCE_S = 20  # never waited for unless something is wrong
OWN = "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_throttled 2\nthrottled_usec 77\n"


def until(holds: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    pause = threading.Event()
    for _ in range(PATIENCE_S * 200):
        if holds():
            return
        pause.wait(0.005)
    pytest.fail("it never came true")


def opened(early: EarlyCgroup | None) -> CgroupReader:
    assert early is not None
    until(lambda: early._reader)  # ``take`` would end the watching
    reader = early.take()
    assert reader is not None
    return reader


def expected(parent: str | None = None) -> Target:
    return Target(pid=None, cgroup_name=CONTAINER, parent_cgroup=parent)


def test_a_container_that_was_gone_before_the_start_was_confirmed_is_read(tmp_path: Path) -> None:
    target = expected("/cpost/t1")
    with expect(target, host_v2(tmp_path), CLOCK) as early:
        write_v2(tmp_path / "cpost" / "t1")
        write_v2(tmp_path / "cpost" / "t1" / CONTAINER, cpu__stat=OWN)
        opened(early)
        # It has ended: no process leads to it any more.
        with attach(target, host_v2(tmp_path), CLOCK, early) as reader:
            assert reader.rung is Rung.PARENT_CGROUP_V2
            totals = reader.totals()
    assert (totals.cpu_usage_usec, totals.throttled_usec) == (1234567, 77)


@pytest.mark.parametrize(
    ("parent", "folder", "name"),
    [
        ("/cpost1.slice", "cpost1.slice", f"docker-{CONTAINER}.scope"),
        (None, "system.slice", f"docker-{CONTAINER}.scope"),
        (None, "docker", CONTAINER),
        (None, "machine.slice", f"libpod-{CONTAINER}.scope"),
    ],
)
def test_it_is_found_where_each_driver_puts_it(
    tmp_path: Path, parent: str | None, folder: str, name: str
) -> None:
    with expect(expected(parent), host_v2(tmp_path), CLOCK) as early:
        write_v2(tmp_path / folder)
        write_v2(tmp_path / folder / name, cpu__stat=OWN)
        with opened(early) as reader:
            rung = Rung.PARENT_CGROUP_V2 if parent else Rung.CONTAINER_CGROUP_V2
            assert (reader.rung, reader.totals().throttled_usec) == (rung, 77)


def test_on_version_1_it_is_found_in_every_hierarchy(tmp_path: Path) -> None:
    for controller in host_v1(tmp_path).hierarchies.values():
        controller.mount_point.mkdir()
    with expect(expected("/cpost/t1"), host_v1(tmp_path), CLOCK) as early:
        write_v1(tmp_path, "cpost/t1")
        own = write_v1(tmp_path, f"cpost/t1/{CONTAINER}")
        with opened(early) as reader:
            assert reader.rung is Rung.PARENT_CGROUP_V1
            assert reader.totals().oom_kills == 3
    assert own["memory"].is_dir()


def test_one_that_was_there_already_is_found_too(tmp_path: Path) -> None:
    write_v2(tmp_path / "docker" / CONTAINER)
    with expect(expected(), host_v2(tmp_path), CLOCK) as early:
        assert early is not None
        (tmp_path / "docker" / "another").mkdir()  # the thread wakes at the latest now
        opened(early).__exit__(None, None, None)


def test_podmans_helper_is_not_taken_for_the_container(tmp_path: Path) -> None:
    with expect(expected(), host_v2(tmp_path), CLOCK) as early:
        write_v2(tmp_path / "machine.slice" / f"libpod-conmon-{CONTAINER}.scope")
        write_v2(tmp_path / "machine.slice" / f"libpod-{CONTAINER}.scope", cpu__stat=OWN)
        with opened(early) as reader:
            assert reader.totals().cpu_usage_usec == 9


def test_a_helper_beneath_the_parent_is_told(tmp_path: Path) -> None:
    with expect(expected("/cpost/t1"), host_v2(tmp_path), CLOCK) as early:
        write_v2(tmp_path / "cpost" / "t1")
        (tmp_path / "cpost" / "t1" / "conmon").mkdir()
        write_v2(tmp_path / "cpost" / "t1" / f"libpod-{CONTAINER}")
        with opened(early) as reader:
            assert 'cgroups = "no-conmon"' in reader.notes[0]


def test_it_is_read_when_the_kernel_tells_of_an_oom_kill(tmp_path: Path) -> None:
    own = tmp_path / "docker" / CONTAINER
    # A kernel makes a cgroup and its files at once; here they must all be there before.
    write_v2(own, memory__events="oom_kill 0\nmax 0\n")
    with expect(expected(), host_v2(tmp_path), CLOCK) as early, opened(early) as reader:
        known = reader._counters.totals
        (own / "memory.events").write_text("oom_kill 1\nmax 5\n")
        until(lambda: known().oom_kills == 1)


def test_what_somebody_else_opened_is_followed(tmp_path: Path) -> None:
    host = host_v2(tmp_path)
    own = write_v2(tmp_path / "elsewhere" / CONTAINER, memory__events="oom_kill 0\n")
    write_process(host.proc, 7, f"0::/elsewhere/{CONTAINER}\n")
    target = Target(pid=7, cgroup_name=CONTAINER)
    with expect(expected(), host, CLOCK) as early, attach(target, host, CLOCK, early) as reader:
        assert isinstance(reader, CgroupReader)
        known = reader._counters.totals
        (own / "memory.events").write_text("oom_kill 1\n")
        until(lambda: known().oom_kills == 1)


def test_a_container_that_never_comes_leaves_nothing_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with expect(expected(), host_v2(tmp_path), CLOCK) as early:
        assert early is not None
        assert early.take() is None
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert not [one for one in threading.enumerate() if one.name == "watching the cgroup"]


def test_what_was_opened_and_never_taken_is_closed(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with expect(expected(), host_v2(tmp_path), CLOCK) as early:
        assert early is not None
        write_v2(tmp_path / "docker" / CONTAINER)
        until(lambda: early._reader)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_nothing_is_expected_of_an_engine_elsewhere_or_of_plain_processes(tmp_path: Path) -> None:
    with expect(expected(), None, CLOCK) as early:
        assert early is None
    with expect(expected(), CgroupHost(None, {}, frozenset()), CLOCK) as early:
        assert early is None
    with expect(Target(pid=None, process_tree=True), host_v2(tmp_path), CLOCK) as early:
        assert early is None


def test_on_version_1_it_is_not_opened_before_all_its_directories_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpost.meter.early_cgroup._REST_S", 60.0)  # only what happens counts
    write_v1(tmp_path, "cpost/t1")
    own = write_v1(tmp_path, f"cpost/t1/{CONTAINER}")
    shutil.rmtree(own["pids"])
    with expect(expected("/cpost/t1"), host_v1(tmp_path), CLOCK) as early:
        assert early is not None
        for number in range(10):
            attempts = early._attempts
            (own["memory"].parent / f"another-{number}").mkdir()
            until(lambda before=attempts: early._attempts > before)
        assert early._reader is None
        own["pids"].mkdir()
        until(lambda: early._reader)
