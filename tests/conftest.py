"""Fixtures for tests that execute the installed command as its users do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Machines are shared and noisy: how long an example takes says nothing about the code.
hypothesis.settings.register_profile("cpost", deadline=None)
hypothesis.settings.load_profile("cpost")


@dataclass(frozen=True)
class Command:
    """``cpost`` with a record of its own; call it with the words of a command line."""

    record_dir: Path
    environ: Mapping[str, str]

    def popen(self, *words: object, **options: Any) -> subprocess.Popen[str]:
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": dict(self.environ),
            **options,
        }
        command = [sys.executable, "-m", "cpost", *map(str, words)]
        return subprocess.Popen(command, text=True, **settings)

    def __call__(
        self, *words: object, timeout_s: float = 120, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        with self.popen(*words, **options) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def elsewhere(
        self,
        command: Sequence[str],
        environ: Mapping[str, str] | None = None,
        timeout_s: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Execute a command that executes ``cpost`` in a place of its own, with this record."""
        return subprocess.run(
            command,
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def profile(self, *words: object, **options: Any) -> dict[str, Any]:
        """Execute ``cpost`` with ``--json``; return its object and, as ``ended``, the process."""
        file = self.record_dir.parent / "result.json"
        ended = self(*words, "--json", file, **options)
        result: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return {**result, "ended": ended}

    @property
    def session_dir(self) -> Path:
        """The folder of the newest session."""
        return max(self.record_dir.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)


@pytest.fixture
def cpost(tmp_path: Path) -> Command:
    record_dir = tmp_path / "record"
    environ = {**os.environ, "CPOST_RECORD_DIR": str(record_dir), "COLUMNS": "120"}
    return Command(record_dir, environ)


WritePipeline = Callable[..., Path]


@pytest.fixture
def pipeline(tmp_path: Path) -> WritePipeline:
    """Write a definition of operators given as mappings; JSON is YAML enough."""

    def write(*operators: Mapping[str, Any]) -> Path:
        definition = {"api-version": "0.4.0", "name": "test", "operators": list(operators)}
        file = tmp_path / "pipeline.yaml"
        file.write_text(json.dumps(definition, indent=1))
        return file

    return write


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    folder = tmp_path / "payload"
    folder.mkdir()
    (folder / "one.txt").write_text("one\n")
    return folder
