"""cpost itself, as its users start it: a process of its own, told words, ended by signals.

It is forked from a process that has imported everything already: on an emulated processor that
takes ten seconds, at each start. The demo and ``make test`` start the installed command.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waiting import LIMIT_S, wait_until

import cpost.commands.doctor
import cpost.commands.profile
import cpost.engine.docker_engine  # noqa: F401  # imported for the children that are forked
from cpost import cli

MISTYPED = "mistyped"


@dataclass(frozen=True, slots=True)
class Started:
    """A cpost that executes, or has executed; ``told`` is all that it printed."""

    pid: int
    folder: Path

    @property
    def told(self) -> str:
        return (self.folder / "told").read_text()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def exit_code(self) -> int:
        """Wait for its end; return its exit code, or the negative number of the signal."""
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


@dataclass(frozen=True, slots=True)
class Product:
    """cpost at the engine of ``address``, with a record of its own in ``folder``."""

    folder: Path
    address: str
    image: str

    @property
    def payload(self) -> Path:
        """The folder that operators find under /input; what is written there, they see at once."""
        return self.folder / "payload"

    def start(self, *words: object) -> Started:
        """Start ``cpost`` with these words."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become_cpost(list(map(str, words)))
        return Started(pid, self.folder)

    def profile(self, operators: Mapping[str, str]) -> Started:
        """Start it on a pipeline of operators, each a line of shell; ``MISTYPED`` has no shell."""
        repository, _, tag = self.image.rpartition(":")
        definition = {
            "api-version": "0.4.0",
            "name": "product",
            "operators": [
                {
                    "name": name,
                    "container": {
                        "image": repository,
                        "tag": tag,
                        "command": [script] if name == MISTYPED else ["sh", "-c", script],
                    },
                    "input": [{"path": "/input"}],
                    "output": [{"path": "/output"}],
                }
                for name, script in operators.items()
            ],
        }
        file = self.folder / "pipeline.yaml"
        file.write_text(json.dumps(definition))
        self.payload.mkdir(exist_ok=True)
        if not (self.payload / "go").exists():
            os.mkfifo(self.payload / "go")
        options = ("--record_dir", self.folder / "record", "--force", "cont", "--pull", "never")
        patient = ("--start_timeout", LIMIT_S, "--interval", 0.3)
        return self.start(*options, *patient, file, self.payload)

    def say_go(self) -> None:
        """Let the operator that reads /input/go, or will in a moment, go on."""
        wait_until(self._said_go, "somebody reads /input/go")

    def _said_go(self) -> bool:
        try:
            pipe = os.open(self.payload / "go", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody has it open for reading yet
            return False
        os.write(pipe, b"\n")
        os.close(pipe)
        return True

    def file_of(self, operator: str, name: str) -> Path | None:
        """Return a file of an operator's run, None until there is one."""
        found = self.folder.glob(f"record/*/*__{operator}/{name}")
        return max(found, key=lambda file: file.stat().st_mtime_ns, default=None)

    def run_of(self, operator: str) -> dict[str, Any]:
        """Return the result of an operator's run, as it was kept."""
        file = self.file_of(operator, "run.json")
        assert file is not None, f"{operator} has no result: {(self.folder / 'told').read_text()}"
        run: dict[str, Any] = json.loads(file.read_text())
        return run

    def output_of(self, operator: str) -> str:
        file = self.file_of(operator, "stdout.log")
        return file.read_text() if file is not None else ""

    def samples_of(self, operator: str) -> int:
        """Return how many samples of an operator are on the disk by now."""
        file = self.file_of(operator, "samples.csv")
        return len(file.read_text().splitlines()) - 1 if file is not None else 0

    def _become_cpost(self, words: list[str]) -> None:
        """Be cpost in this process, which was just forked, until it ends."""
        code = 1
        try:
            with (self.folder / "told").open("w") as told, Path(os.devnull).open() as nothing:
                os.dup2(nothing.fileno(), 0)
                os.dup2(told.fileno(), 1)
                os.dup2(told.fileno(), 2)
            sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, "rw"[n > 0]) for n in range(3))
            signal.signal(signal.SIGINT, signal.default_int_handler)
            warnings.simplefilter("ignore")  # of pytest's settings, not of a user's
            os.environ.update({"DOCKER_HOST": self.address} if self.address else {})
            sys.argv = ["cpost", *words]
            code = cli.main()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(code)  # nothing of pytest's is done a second time


def wait_while_it_executes(started: Started, condition: Callable[[], bool], what: str) -> None:
    """Return when ``condition`` holds; fail at once if cpost has ended before that."""

    def holds() -> bool:
        if condition():
            return True
        assert Path(f"/proc/{started.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z", (
            f"cpost ended before {what}: {started.told}"
        )
        return False

    wait_until(holds, what)
