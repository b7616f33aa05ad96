"""One cpost, executed from its command line, and what it and its operators said."""

from __future__ import annotations

import csv
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPERATOR_FAILED = 6  # cpost's exit code
APPETITE = Path(__file__).with_name("appetite.py")


class NotMeasuredError(Exception):
    """cpost, or an operator, did not end as it had to: there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator to be; ``words`` are the appetite's, or a whole command if ``plain``."""

    name: str
    words: tuple[object, ...]
    plain: bool = False

    def command(self) -> list[str]:
        """Return what the container executes."""
        program = [] if self.plain else ["python3", f"/payload/{APPETITE.name}"]
        return [*program, *map(str, self.words)]


@dataclass(frozen=True, slots=True)
class Told:
    """What cpost says of one operator, and what that said itself.

    ``result`` is the operator in ``--json``; ``said`` is empty where it printed nothing;
    ``samples`` are the rows of its ``samples.csv``.
    """

    operator: Operator
    result: dict[str, Any]
    container_id: str | None
    said: dict[str, int]
    samples: list[dict[str, str]]

    @property
    def passed(self) -> bool:
        """Whether it did all it was to do, so that its figures can be compared."""
        return bool(self.result["state"] == "pass")


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has ended; its own use is that of the cpost process, start and end too."""

    told: tuple[Told, ...]
    wall_s: float
    own_cpu_s: float

    def only(self) -> Told:
        """Return its one operator; NotMeasuredError where that did not pass."""
        (told,) = self.told
        if not told.passed:
            raise NotMeasuredError(f"{told.operator.name}: {told.result['state']}")
        return told


@contextmanager
def payload() -> Iterator[Path]:
    """Make the folder that is mounted into every container, with the appetite in it."""
    with tempfile.TemporaryDirectory(prefix="truth-") as folder:
        shutil.copy(APPETITE, folder)
        yield Path(folder)


def definition(image: str, operators: Sequence[Operator]) -> dict[str, Any]:
    """Return a pipeline definition that executes the operators in their order."""
    name, _, tag = image.rpartition(":")
    return {
        "api-version": "0.4.0",
        "name": "truth",
        "operators": [
            {
                "name": one.name,
                "container": {"image": name, "tag": tag, "command": one.command()},
                "input": [{"path": "/payload"}],
            }
            for one in operators
        ],
    }


def profile(
    image: str,
    operators: Sequence[Operator],
    payload: Path,
    interval_s: float = 0.1,
    meanwhile: Callable[[int], None] = lambda _pid: None,
) -> Session:
    """Have cpost execute them all; NotMeasuredError where the session itself failed.

    An operator may have failed (a start that took too long, on a slow machine): see ``passed``.
    ``meanwhile`` is called with its process number as soon as it has one.
    """
    with tempfile.TemporaryDirectory(prefix="truth-") as name:
        folder = Path(name)
        file, answer, record = folder / "truth.yaml", folder / "result.json", folder / "record"
        file.write_text(json.dumps(definition(image, operators)))
        words = [file, payload, "--json", answer, "--record_dir", record]
        command = [sys.executable, "-m", "cpost", *map(str, words), "--interval", str(interval_s)]
        command += ["--force", "cont"]
        began_s, began_cpu_s = time.monotonic(), _children_cpu_s()
        # To files, not pipes: whoever is busy with something else meanwhile cannot empty a pipe.
        with (
            (folder / "stdout").open("wb") as stdout,
            (folder / "stderr").open("wb") as stderr,
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
            ) as process,
        ):
            meanwhile(process.pid)
        wall_s, own_cpu_s = time.monotonic() - began_s, _children_cpu_s() - began_cpu_s
        if process.returncode not in {0, OPERATOR_FAILED}:
            why = (folder / "stderr").read_text()[-2000:]
            raise NotMeasuredError(f"cpost ended with {process.returncode}: {why}")
        results = json.loads(answer.read_text())["operators"]
        told = tuple(
            _told(operator, result, record)
            for operator, result in zip(operators, results, strict=True)
        )
    return Session(told, wall_s, own_cpu_s)


def _told(operator: Operator, result: dict[str, Any], record: Path) -> Told:
    assert result["name"] == operator.name, "operators without inputs keep their order"
    if result["state"] != "pass":
        return Told(operator, result, container_id=None, said={}, samples=[])
    (folder,) = record.glob(f"*/*__{operator.name}")
    lines = (folder / "stdout.log").read_text().splitlines()
    with (folder / "samples.csv").open(newline="") as rows:
        samples = list(csv.DictReader(rows))
    kept = json.loads((folder / "run.json").read_text())
    return Told(
        operator=operator,
        result=result,
        container_id=kept["container_id"],
        said=json.loads(lines[-1]) if lines else {},
        samples=samples,
    )


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
