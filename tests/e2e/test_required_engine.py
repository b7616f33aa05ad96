"""In CI a test that needs an engine fails where there is none; elsewhere it says why it skips."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("required", "exit_code", "words"),
    [("", 0, "1 skipped"), ("1", 1, "CPOST_REQUIRE_ENGINE is set, but the container engine")],
)
def test_a_missing_engine(required: str, exit_code: int, words: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/engine/test_demo.py", "-k", "test_in_containers"],
        cwd=ROOT,
        env={
            **os.environ,
            "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock",
            "CPOST_REQUIRE_ENGINE": required,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == exit_code, ended.stdout
    assert words in ended.stdout
