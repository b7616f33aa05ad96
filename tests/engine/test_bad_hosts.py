"""Containers of a real engine, on machines whose cgroups are missing, hidden or read-only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import amputations
from amputations import HOLD_100_MIB_AND_BURN_3_SECONDS, MIB, amputated, only_on_version_1

pytestmark = pytest.mark.engine

Run = dict[str, Any]


@pytest.fixture
def measured(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, tmp_path: Path
) -> Callable[[str], Run]:
    """Execute a hungry operator on what an operation leaves of this machine; return its run."""

    def execute(operation: str) -> Run:
        before = cgroups_of_cpost()
        file = pipeline(operator("hungry", f'exec python3 -c "{HOLD_100_MIB_AND_BURN_3_SECONDS}"'))
        result = tmp_path / "result.json"
        ended = cpost.elsewhere(amputated(operation, file, payload, "--json", result))
        assert ended.returncode == 0, ended.stderr
        (run,) = json.loads(result.read_text())["operators"]
        assert isinstance(run, dict)
        assert 100 * MIB < run["memory"]["peak_bytes"] < 140 * MIB
        # What this process could not have removed again was not made either.
        assert cgroups_of_cpost() <= before
        return run

    return execute


def cgroups_of_cpost() -> set[Path]:
    root = Path("/sys/fs/cgroup")
    return {place for pattern in ("cpost*/*", "*/cpost*/*") for place in root.glob(pattern)}


@pytest.mark.parametrize("operation", ["NOTHING_MOUNTED", "ALL_HIDDEN"])
def test_without_any_cgroup_the_engine_is_asked_and_it_is_said_what_that_misses(
    measured: Callable[[str], Run], operation: str
) -> None:
    run = measured(getattr(amputations, operation))
    assert run["meter"] == "engine stats"
    assert 0 < run["cpu"]["total_seconds"] < 3.6
    assert any("no cgroup hierarchy is mounted" in one for one in run["warnings"])
    assert "engine-statistics" in {doubt["kind"] for doubt in run["doubts"]}


@pytest.mark.parametrize("operation", ["MEMORY_NOT_MOUNTED", "MEMORY_HIDDEN"])
def test_without_the_memory_controller_the_engine_is_asked(
    measured: Callable[[str], Run], operation: str
) -> None:
    only_on_version_1()
    run = measured(getattr(amputations, operation))
    assert run["meter"] == "engine stats"
    assert 0 < run["cpu"]["total_seconds"] < 3.6


def test_where_none_can_be_made_the_containers_own_cgroup_is_read(
    measured: Callable[[str], Run],
) -> None:
    run = measured(amputations.READ_ONLY)
    assert run["meter"].startswith("container cgroup")
    assert run["cpu"]["total_seconds"] == pytest.approx(3, abs=0.6)
    assert run["unseen_end_seconds"] is not None


def test_cgroups_in_another_place_are_found_and_exact(
    measured: Callable[[str], Run], tmp_path: Path
) -> None:
    run = measured(amputations.elsewhere(tmp_path))
    assert run["meter"].startswith("parent cgroup")
    assert run["cpu"]["total_seconds"] == pytest.approx(3.05, abs=0.3)


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("NOTHING_MOUNTED", "mend: mount one"),
        ("ALL_HIDDEN", "mend: mount one"),
        ("MEMORY_NOT_MOUNTED", "mount -t cgroup -o memory"),
        ("MEMORY_HIDDEN", "mount -t cgroup -o memory"),
    ],
)
def test_the_doctor_says_what_is_missing_and_how_to_mend_it(
    cpost: Any, operation: str, told: str
) -> None:
    if operation.startswith("MEMORY"):
        only_on_version_1()
    ended = cpost.elsewhere(amputated(getattr(amputations, operation), "doctor"))
    assert ended.returncode == 5
    assert told in ended.stdout
    assert "engine stats" in ended.stdout
