"""A cgroup of this very machine's kernel, opened as it appears and gone before it is asked for."""

import subprocess
import threading

import pytest

from cpost.meter import cgroup_tree
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.clock import SystemClock
from cpost.meter.early_cgroup import EarlyCgroup, expect
from cpost.meter.parent_cgroup import ParentCgroup
from cpost.meter.target import Target

CONTAINER = "0123456789abcdef"
CLOCK = SystemClock()


def wait_until_opened(early: EarlyCgroup) -> None:
    pause = threading.Event()
    for _ in range(4000):
        if early._reader is not None:  # ``take`` would end the watching
            return
        pause.wait(0.005)
    pytest.fail("it was never opened")


def make_inner(host: CgroupHost, cgroup: ParentCgroup) -> None:
    for place in set(cgroup.directories().values()):
        if host.version == 2:
            cgroup_tree.delegate(place)
        (place / CONTAINER).mkdir()


def execute_in_inner(cgroup: ParentCgroup) -> None:
    with subprocess.Popen(["sh", "-c", "read -r _ && exec true"], stdin=subprocess.PIPE) as process:
        for place in set(cgroup.directories().values()):
            cgroup_tree.write(place / CONTAINER / "cgroup.procs", str(process.pid))
        process.communicate(b"\n")


def remove_inner(cgroup: ParentCgroup) -> None:
    for place in set(cgroup.directories().values()):
        assert cgroup_tree.remove(place / CONTAINER)


def test_what_only_the_containers_own_cgroup_tells_is_known_once_it_is_gone(
    host: CgroupHost, cgroup: ParentCgroup
) -> None:
    target = Target(pid=None, cgroup_name=CONTAINER, parent_cgroup=cgroup.path)
    with expect(target, host, CLOCK) as early:
        assert early is not None
        make_inner(host, cgroup)
        wait_until_opened(early)
        execute_in_inner(cgroup)
        remove_inner(cgroup)
        with attach(target, host, CLOCK, early) as reader:
            totals = reader.totals()
            assert reader.rung.exact_totals
    assert totals.cpu_usage_usec is not None
    assert totals.cpu_usage_usec > 0
    assert totals.oom_kills == 0
    assert totals.throttled_usec == 0
    assert totals.unseen_end_usec == 0


def test_a_limit_that_is_written_later_is_known_once_it_is_gone(
    host: CgroupHost, cgroup: ParentCgroup
) -> None:
    target = Target(pid=None, cgroup_name=CONTAINER, parent_cgroup=cgroup.path)
    with expect(target, host, CLOCK) as early:
        assert early is not None
        make_inner(host, cgroup)
        wait_until_opened(early)
        place = cgroup.directories().get("memory") or cgroup.directories()["unified"]
        name = "memory.max" if host.version == 2 else "memory.limit_in_bytes"
        limit = place / CONTAINER / name
        cgroup_tree.write(limit, str(64 << 20))
        with attach(target, host, CLOCK, early) as reader:
            pause = threading.Event()
            known = reader._counters.totals  # type: ignore[attr-defined]
            for _ in range(4000):
                if known().memory_limit_bytes is not None:
                    break
                pause.wait(0.005)  # nobody samples meanwhile
            remove_inner(cgroup)
            assert reader.totals().memory_limit_bytes == 64 << 20
