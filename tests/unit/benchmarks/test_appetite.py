"""The program of known appetite, executed here instead of in a container."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.truth import appetite
from benchmarks.truth.session import APPETITE, Operator, definition
from cpost.pipeline.reader import read_pipeline


def eat(*words: object) -> dict[str, Any]:
    command = [sys.executable, str(APPETITE), *map(str, words)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    told: dict[str, Any] = json.loads(said)
    return told


@pytest.mark.parametrize("threads", [1, 2])
def test_a_burner_burns_at_least_what_it_is_told_to(threads: int) -> None:
    assert eat("burn", 0.2, threads)["cpu_usec"] >= 200_000


def test_a_storm_counts_its_children() -> None:
    assert eat("storm", 5)["cpu_usec"] >= 5 * 10_000


def test_a_spike_says_how_long_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appetite, "BEFORE_SPIKE_S", 0.0)
    monkeypatch.setattr(appetite, "AFTER_SPIKE_S", 0.0)
    monkeypatch.setattr("random.random", lambda: 0.0)
    said = appetite.spike(2, 5)
    assert said["spike_bytes"] == 2 << 20
    assert said["lasted_usec"] >= 5_000


def test_the_definition_is_one_that_cpost_takes(tmp_path: Path) -> None:
    file = tmp_path / "truth.yaml"
    operators = [Operator("burn-500ms", ("burn", 0.5, 1)), Operator("nothing", ("true",), True)]
    file.write_text(json.dumps(definition("some/python:3.11", operators)))
    pipeline = read_pipeline(file, {}, job_id="truth").pipeline
    commands = [one.container.command for one in pipeline.operators]
    assert commands == [("python3", "/payload/appetite.py", "burn", "0.5", "1"), ("true",)]
