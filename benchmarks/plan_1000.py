"""How long cpost takes to plan a pipeline of 1,000 operators.

    python benchmarks/plan_1000.py

Prints the wall time of ``cpost plan FILE`` in a fresh process, best and median of five, its CPU
time (which other load on the machine disturbs less), and how long reading and ordering alone
take. The promise is less than 1 s.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cpost.pipeline.order import execution_order
from cpost.pipeline.reader import read_pipeline

OPERATORS = 1_000
REPEATS = 5


def definition(count: int) -> str:
    """Return a pipeline in which every operator reads from the one before and from the payload."""
    operators = [
        f"""\
- name: operator-{number}
  description: Number {number} of a long row.
  container:
    image: registry.example/team/operator
    tag: 1.{number}
    command: ["python", "main.py", "--number", "{number}", "--threshold", "${{{{ threshold }}}}"]
  variables:
    LOG_LEVEL: debug
    NUMBER: {number}
  requests:
    cpu: 2
    memory: 2048
  input:
  - path: /payload
{f"  - from: operator-{number - 1}" if number else "  # the first one"}
{"    name: volume" if number else ""}
{"    path: /input" if number else ""}
  output:
  - name: volume
    path: /output
  - name: report
    path: /report
"""
        for number in range(count)
    ]
    head = "api-version: 0.4.0\nname: long\nparameters:\n  threshold: 0.5\noperators:\n"
    return head + "".join(operators)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.yaml")
        path.write_text(definition(OPERATORS))
        command = [sys.executable, "-m", "cpost", "plan", str(path)]
        walls, cpus, reads = [], [], []
        for _ in range(REPEATS):
            began, began_cpu = time.perf_counter(), children_cpu_s()
            with Path(os.devnull).open("w") as nowhere:
                subprocess.run(command, stdout=nowhere, check=True)
            walls.append(time.perf_counter() - began)
            cpus.append(children_cpu_s() - began_cpu)
            began = time.perf_counter()
            execution_order(read_pipeline(path, {}, job_id="plan").pipeline)
            reads.append(time.perf_counter() - began)
        size = path.stat().st_size
    print(f"{OPERATORS} operators, {size} bytes")
    for label, figures in [
        ("cpost plan, wall", walls),
        ("cpost plan, CPU", cpus),
        ("reading", reads),
    ]:
        print(f"{label:17} best {min(figures):.3f} s, median {statistics.median(figures):.3f} s")


def children_cpu_s() -> float:
    """Return the CPU seconds of all processes that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
