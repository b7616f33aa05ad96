"""Local processes on machines whose cgroups are missing, hidden, read-only or somewhere else."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import amputations
from amputations import HOLD_100_MIB_AND_BURN_3_SECONDS, MIB, amputated, only_on_version_1

Run = dict[str, Any]


@pytest.fixture
def measured(cpost: Any, pipeline: Any, payload: Path, tmp_path: Path) -> Callable[[str], Run]:
    """Execute a hungry process on what an operation leaves of this machine; return its run."""

    def execute(operation: str) -> Run:
        script = shlex.join(["python3", "-c", HOLD_100_MIB_AND_BURN_3_SECONDS])
        container = {"image": "any", "command": ["sh", "-c", f"exec {script}"]}
        file = pipeline({"name": "hungry", "container": container, "input": [{"path": "/input"}]})
        result = tmp_path / "result.json"
        ended = cpost.elsewhere(
            amputated(operation, file, payload, "--engine", "process", "--json", result)
        )
        assert ended.returncode == 0, ended.stderr
        (run,) = json.loads(result.read_text())["operators"]
        assert isinstance(run, dict)
        assert run["cpu"]["total_seconds"] == pytest.approx(3, abs=0.5)
        assert 100 * MIB < run["memory"]["peak_bytes"] < 130 * MIB
        return run

    return execute


@pytest.mark.parametrize("operation", ["NOTHING_MOUNTED", "ALL_HIDDEN", "READ_ONLY"])
def test_without_a_cgroup_to_make_processes_are_followed_and_it_is_said_what_that_misses(
    measured: Callable[[str], Run], operation: str
) -> None:
    run = measured(getattr(amputations, operation))
    assert run["meter"] == "process tree"
    assert run["memory"]["hard_peak_bytes"] is None
    assert any("page cache" in one for one in run["warnings"])
    assert "peak-sampled" in {doubt["kind"] for doubt in run["doubts"]}


@pytest.mark.parametrize("operation", ["MEMORY_NOT_MOUNTED", "MEMORY_HIDDEN"])
def test_cgroups_without_memory_are_not_measured_with(
    measured: Callable[[str], Run], operation: str
) -> None:
    only_on_version_1()
    assert measured(getattr(amputations, operation))["meter"] == "process tree"


def test_cgroups_in_another_place_are_found(measured: Callable[[str], Run], tmp_path: Path) -> None:
    run = measured(amputations.elsewhere(tmp_path))
    assert run["meter"].startswith("parent cgroup")
    assert run["memory"]["hard_peak_bytes"] is not None
