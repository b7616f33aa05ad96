"""A cpost at work whose operators, and whose own process, a test holds and lets go on."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from far_engines import until

# Shared machines are slow at times, and what is waited for comes or does not.
LIMIT_S = 120


@dataclass
class Steered:
    """A cpost at work, whose operators wait until the test lets them go on."""

    process: subprocess.Popen[str]
    folder: Path
    record_dir: Path
    payload: Path
    api: Any

    def measured(self, operator: str, samples: int = 2) -> str:
        """Wait until so many samples of an operator are stored; return its container's id."""
        until(lambda: self._samples(operator) >= samples, LIMIT_S)
        labels = {"label": f"cpost.operator={operator}"}
        (container,) = self.api.containers(filters=labels)
        return str(container["Id"])

    def go_on(self, operator: str) -> None:
        """Let an operator go on that waits for it."""
        (self.payload / operator).touch()

    def limit(self, operator: str, **limits: int) -> None:
        """Limit an operator that is measured, as somebody might who shares the engine."""
        self.api.update_container(self.measured(operator), **limits)
        self.go_on(operator)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep cpost itself from doing anything meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def results(self) -> dict[str, dict[str, Any]]:
        """Wait for the end; return the runs by name.

        All that is doubtful about one stands under its own table, and nothing is said twice.
        """
        self.process.wait(LIMIT_S)
        told = (self.folder / "stdout").read_text()
        runs = json.loads((self.folder / "result.json").read_text())["operators"]
        for run in runs:
            under_its_table = told.partition(f"Operator {run['name']} Summary")[2]
            under_its_table = under_its_table.partition("Executing Operator")[0]
            words = " ".join(under_its_table.split())
            for doubt in run["doubts"]:
                assert words.count(f"warning: {doubt['message']}") == 1
            assert len(set(run["warnings"])) == len(run["warnings"])
        return {run["name"]: run for run in runs}

    def _samples(self, operator: str) -> int:
        assert self.process.poll() is None, "cpost has ended"
        files = self.record_dir.glob(f"*/*__{operator}/samples.csv")
        return sum(len(file.read_text().splitlines()) - 1 for file in files)


def when_told(operator: str, script: str) -> str:
    """Return a line of shell that waits until the operator may go on."""
    return f"until [ -e /input/{operator} ]; do sleep 0.05; done; {script}"
