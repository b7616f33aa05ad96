"""cpost on a real cgroup v2 host: exact totals where they can be had, and nothing left behind."""

from __future__ import annotations

import os
import signal

import pytest
from parents import MIB, Engine
from product import MISTYPED, Product, Started, wait_while_it_executes
from traces import nothing_left, ours, own_cgroup_of

pytestmark = pytest.mark.cgroup2

SHORT_ONES = [f"short-{n}" for n in range(int(os.environ.get("CPOST_CGROUP2_SHORT_ONES", "3")))]
# It tells what it has burnt itself, its own start included.
BURN_ONE_CPU_SECOND = (
    "import os\n"
    "while sum(os.times()[:2]) < 1.0: sum(range(1000))\n"
    "print(sum(os.times()[:2]), flush=True)\n"
    "os._exit(0)"
)
HELD_BYTES = 64 * MIB
HOLD = f"held = b'x' * {HELD_BYTES}"
LIMIT_BYTES = 48 * MIB
TAKE_TOO_MUCH = f"python3 -c 'bytearray({4 * LIMIT_BYTES})'"
# Until the test says go: an operator that waits in this way takes no CPU time.
WAIT = "read -r _ </input/go"
# The start of a container costs that much at most: the runtime's own memory, and Python's.
MOST_MEMORY_OF_A_START = 40 * MIB


def limit_memory(engine: Engine, operator: str) -> None:
    """Limit a container that executes, as somebody could who shares the machine."""
    container = next(one for one in ours(engine.client) if operator in str(one["Names"]))
    container_id = container["Id"]
    if not engine.is_podman:
        engine.client.api.update_container(
            container_id, mem_limit=LIMIT_BYTES, memswap_limit=LIMIT_BYTES
        )
        return
    # Debian's Podman does not know that request; whoever owns the engine owns the cgroup.
    pid = engine.client.api.inspect_container(container_id)["State"]["Pid"]
    (own_cgroup_of(container_id, pid) / "memory.max").write_text(str(LIMIT_BYTES))


def is_executing(engine: Engine, operator: str) -> bool:
    return any(operator in str(one["Names"]) for one in ours(engine.client))


def starve(engine: Engine, product: Product, started: Started, operator: str) -> None:
    """Have ``operator``, which waits, take more memory than it may, once it is measured."""
    wait_while_it_executes(
        started, lambda: product.samples_of(operator) > 1, f"{operator} is measured"
    )
    limit_memory(engine, operator)
    product.say_go()


@pytest.mark.as_owner
def test_exact_totals_of_short_hungry_and_killed_operators(
    engine: Engine, product: Product
) -> None:
    operators = {
        **dict.fromkeys(SHORT_ONES, "exec true"),
        "burner": f'exec python3 -c "{BURN_ONE_CPU_SECOND}"',
        "holder": f'exec python3 -c "{HOLD}"',
        MISTYPED: "nosuchcommand",
        "starved": f"{WAIT}; exec {TAKE_TOO_MUCH}",
    }
    with nothing_left(engine.client):
        started = product.profile(operators)
        starve(engine, product, started, "starved")
        assert started.exit_code() == 6, started.told
    mistyped = product.run_of(MISTYPED)
    assert (mistyped["state"], mistyped["exit_code"]) == ("error", 127)
    runs = {name: product.run_of(name) for name in operators if name != MISTYPED}
    totals = {name: run["totals"] for name, run in runs.items()}
    assert {run["rung"] for run in runs.values()} == {"parent cgroup v2"}
    assert [runs[name]["state"] for name in SHORT_ONES] == ["pass"] * len(SHORT_ONES)

    start_usec = max(totals[name]["cpu_usage_usec"] for name in SHORT_ONES)
    assert all(totals[name]["cpu_usage_usec"] > 0 for name in SHORT_ONES)
    assert all(totals[name]["memory_peak_bytes"] > 0 for name in SHORT_ONES)

    burnt_usec = round(float(product.output_of("burner")) * 1e6)
    # Beside what it says itself: the runtime's work before it, the kernel's after it.
    most_usec = burnt_usec * 1.2 + 2 * start_usec
    assert burnt_usec <= totals["burner"]["cpu_usage_usec"] <= most_usec

    held_bytes = totals["holder"]["memory_peak_bytes"]
    assert HELD_BYTES <= held_bytes <= HELD_BYTES + MOST_MEMORY_OF_A_START

    killed = runs["starved"]
    assert (killed["state"], killed["exit_code"], killed["oom_killed"]) == ("fail", 137, True)
    assert totals["starved"]["oom_kills"] == 1


@pytest.mark.as_docker_user
def test_who_cannot_have_exact_totals_is_told_what_is_not_seen(
    engine: Engine, product: Product
) -> None:
    operators = {
        "holder": f"exec python3 -c \"{HOLD}; print(1, flush=True); open('/input/go').read()\"",
        "starved": f"{WAIT}; exec {TAKE_TOO_MUCH}",
    }
    with nothing_left(engine.client):
        started = product.profile(operators)
        wait_while_it_executes(started, lambda: product.output_of("holder") != "", "memory is held")
        seen = product.samples_of("holder")
        wait_while_it_executes(
            started, lambda: product.samples_of("holder") > seen + 1, "it was seen"
        )
        product.say_go()
        starve(engine, product, started, "starved")
        assert started.exit_code() == 6, started.told
    holder, killed = product.run_of("holder"), product.run_of("starved")
    for run in (holder, killed):
        assert run["rung"] == "container cgroup v2"
        assert run["totals"]["unseen_end_usec"] is not None
    assert holder["totals"]["cpu_usage_usec"] > 0
    assert holder["totals"]["memory_peak_bytes"] >= HELD_BYTES
    # The kernel's count goes with the cgroup, and the engine's flag is not reliable: that it was
    # killed is certain, by whom may be a guess.
    assert (killed["state"], killed["exit_code"]) == ("fail", 137)
    assert killed["oom_killed"] or "SIGKILL" in killed["reason"], killed


@pytest.mark.as_owner
def test_what_a_killed_cpost_left_the_next_removes_and_an_interrupted_one_leaves_nothing(
    engine: Engine, product: Product
) -> None:
    with nothing_left(engine.client):
        killed = product.profile({"first": "exec sleep 3600"})
        wait_while_it_executes(killed, lambda: product.samples_of("first") > 0, "it is measured")
        killed.signal(signal.SIGKILL)
        assert killed.exit_code() == -signal.SIGKILL
        assert is_executing(engine, "first")

        interrupted = product.profile({"second": "exec sleep 3600"})
        wait_while_it_executes(
            interrupted, lambda: product.samples_of("second") > 0, "it is measured"
        )
        assert not is_executing(engine, "first")
        interrupted.signal(signal.SIGINT)
        assert interrupted.exit_code() == 130, interrupted.told
    assert product.run_of("second")["rung"] == "parent cgroup v2"


def test_doctor_says_which_engine_it_is_and_what_it_allows(
    engine: Engine, product: Product
) -> None:
    started = product.start("doctor")
    assert started.exit_code() == 0, started.told
    told = started.told
    assert ("Podman" if engine.is_podman else "Docker Engine") in told
    assert ("rootless" in told) == engine.is_rootless
    owner = os.geteuid() == 0 or engine.is_rootless
    assert ("parent cgroup v2: exact totals" if owner else "container cgroup v2") in told
