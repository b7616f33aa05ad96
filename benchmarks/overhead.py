"""How much longer does cpost take for an operator than ``docker run --rm`` of the same image?

    python benchmarks/overhead.py IMAGE [--rounds 10] [--operators 10]

Each round measures, one after the other on the same machine: OPERATORS times ``docker run --rm
IMAGE true``, and a pipeline of OPERATORS + 1 operators less one of a single operator, so that what
cpost does once a session (connecting, network) is not counted as an operator's. Needs the docker
command. Figures are of one machine at one time: only their differences and ratios say anything.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", help="any image that has a command `true`")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--operators", type=int, default=10)
    arguments = parser.parse_args()
    added, ratios = [], []
    for number in range(1, arguments.rounds + 1):
        docker_s = docker_run(arguments.image, arguments.operators) / arguments.operators
        many_s = cpost(arguments.image, arguments.operators + 1)
        one_s = cpost(arguments.image, 1)
        cpost_s = (many_s - one_s) / arguments.operators
        added.append(cpost_s - docker_s)
        ratios.append(cpost_s / docker_s)
        print(
            f"round {number:2}: docker run {docker_s:.3f} s, cpost {cpost_s:.3f} s an operator "
            f"({cpost_s - docker_s:+.3f} s); a session of one operator {one_s:.3f} s",
            flush=True,
        )
    print(
        f"added: median {statistics.median(added):+.3f} s, worst {max(added):+.3f} s; "
        f"ratio: median {statistics.median(ratios):.2f}"
    )


def docker_run(image: str, times: int) -> float:
    began = time.monotonic()
    for _ in range(times):
        subprocess.run(["docker", "run", "--rm", image, "true"], check=True)
    return time.monotonic() - began


def cpost(image: str, operators: int) -> float:
    name, _, tag = image.rpartition(":")
    container = {"image": name, "tag": tag, "command": ["true"]}
    definition = {
        "api-version": "0.4.0",
        "name": "overhead",
        "operators": [
            {"name": f"operator-{number}", "container": container} for number in range(operators)
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pipeline.yaml")
        file.write_text(json.dumps(definition))
        environ = {**os.environ, "CPOST_RECORD_DIR": folder}
        command = [sys.executable, "-m", "cpost", str(file), folder]
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environ)
        return time.monotonic() - began


if __name__ == "__main__":
    main()
