"""What a parent cgroup still tells when its container is gone; facts the exact rung stands on."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest
from parents import MIB, Engine, Parent, counters, number, own_cgroup, wait_until_gone

pytestmark = pytest.mark.cgroup2

BURN_ONE_CPU_SECOND = (
    "import os\n"
    "while sum(os.times()[:2]) < 1.0: sum(range(1000))\n"
    "print(sum(os.times()[:2]), flush=True)\n"
)
LIMIT_BYTES = 32 * MIB
TAKE_TOO_MUCH = f"python3 -c 'bytearray({4 * LIMIT_BYTES})'"
CAPPED = {"mem_limit": LIMIT_BYTES, "memswap_limit": LIMIT_BYTES}


def usage_usec(cgroup: Path) -> int:
    return counters(cgroup, "cpu.stat")["usage_usec"]


def test_a_container_lies_right_under_its_parent(engine: Engine, parent: Parent) -> None:
    container = engine.start(parent, "sleep 60")
    try:
        assert own_cgroup(container).parent == parent.path
    finally:
        container.remove(force=True)


def test_a_container_that_does_nothing_leaves_its_cpu_time_and_its_peak(
    engine: Engine, parent: Parent
) -> None:
    assert engine.execute(parent, "exec true") == (0, "")
    assert [entry for entry in parent.path.iterdir() if entry.is_dir()] == []
    stat = counters(parent.path, "cpu.stat")
    assert stat["usage_usec"] > 0
    assert abs(stat["user_usec"] + stat["system_usec"] - stat["usage_usec"]) <= 1
    assert number(parent.path, "memory.peak") > 0


def test_the_cpu_time_of_a_dead_container_is_all_there(engine: Engine, parent: Parent) -> None:
    engine.execute(parent, "exec true")
    floor_usec = usage_usec(parent.path)
    _, output = engine.execute(parent, f'exec python3 -c "{BURN_ONE_CPU_SECOND}"')
    burnt_usec = round(float(output) * 1e6)
    used_usec = usage_usec(parent.path) - floor_usec
    assert burnt_usec <= used_usec <= burnt_usec + 2 * floor_usec


@pytest.mark.any_driver
def test_the_parent_counts_an_oom_kill_of_a_dead_child(engine: Engine, parent: Parent) -> None:
    exit_code, _ = engine.execute(parent, f"exec {TAKE_TOO_MUCH}", **CAPPED)
    assert exit_code == 137
    assert counters(parent.path, "memory.events")["oom_kill"] == 1
    assert counters(parent.path, "memory.events.local")["oom_kill"] == 0


@pytest.mark.any_driver
def test_an_oom_kill_may_hide_behind_exit_code_0(engine: Engine, parent: Parent) -> None:
    exit_code, _ = engine.execute(parent, f"{TAKE_TOO_MUCH}; exit 0", **CAPPED)
    assert exit_code == 0
    assert counters(parent.path, "memory.events")["oom_kill"] == 1


@pytest.mark.any_driver
def test_a_limit_that_was_hit_is_the_peak(engine: Engine, parent: Parent) -> None:
    engine.execute(parent, f"exec {TAKE_TOO_MUCH}", **CAPPED)
    assert abs(number(parent.path, "memory.peak") - LIMIT_BYTES) < MIB


@pytest.mark.any_driver
def test_throttling_is_told_by_the_limited_cgroup_alone(engine: Engine, parent: Parent) -> None:
    container = engine.start(parent, "while :; do :; done", nano_cpus=200_000_000)
    try:
        own = own_cgroup(container)
        deadline = time.monotonic() + 30
        while counters(own, "cpu.stat")["throttled_usec"] < 500_000:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert counters(parent.path, "cpu.stat").get("throttled_usec", 0) == 0
    finally:
        container.remove(force=True)


@pytest.mark.any_driver
def test_page_cache_of_a_dead_child_stays_charged_to_the_parent(
    engine: Engine, parent: Parent
) -> None:
    container = engine.start(parent, "head -c 67108864 /dev/zero >/file")
    try:
        assert container.wait()["StatusCode"] == 0
        assert number(parent.path, "memory.current") > 60 * MIB
        assert counters(parent.path, "memory.stat")["file"] > 60 * MIB
    finally:
        container.remove()


@pytest.mark.any_driver
def test_a_held_file_tells_that_its_cgroup_is_gone(engine: Engine, parent: Parent) -> None:
    container = engine.start(parent, "sleep 60")
    own = own_cgroup(container)
    held = os.open(own / "cpu.stat", os.O_RDONLY)
    try:
        assert os.pread(held, 4096, 0)
        container.remove(force=True)
        wait_until_gone(own)
        with pytest.raises(OSError, match="No such device") as error:
            os.pread(held, 4096, 0)
        assert error.value.errno == errno.ENODEV
    finally:
        os.close(held)
