"""Does being measured slow an operator down? Pairs: a bare ``docker run``, and under cpost."""

from __future__ import annotations

import json
from typing import Any

import docker

from benchmarks.truth.session import APPETITE, Operator, profile
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.watched import Bench

INTERVAL_S = 0.05


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return how long the same work took, by its own clock, in pairs of alternating order."""
    operator = Operator("work", ("work", sizes.work_rounds))
    pairs = []
    for number in range(sizes.pairs):
        if number % 2:
            bare_ns, measured_ns = _bare_ns(bench, operator), _measured_ns(bench, operator)
        else:
            measured_ns, bare_ns = _measured_ns(bench, operator), _bare_ns(bench, operator)
        pairs.append({"bare_ns": bare_ns, "measured_ns": measured_ns})
    return {"interval_s": INTERVAL_S, "pairs": pairs}


def _measured_ns(bench: Bench, operator: Operator) -> int:
    return profile(bench.image, [operator], bench.payload, INTERVAL_S).only().said["work_ns"]


def _bare_ns(bench: Bench, operator: Operator) -> int:
    client = docker.from_env()
    printed = client.containers.run(
        bench.image,
        ["python3", f"/payload/{APPETITE.name}", *operator.command()[2:]],
        volumes={str(bench.payload): {"bind": "/payload", "mode": "ro"}},
        remove=True,
    )
    client.close()
    return int(json.loads(printed.splitlines()[-1])["work_ns"])
