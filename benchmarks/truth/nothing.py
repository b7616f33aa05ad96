"""Containers that do nothing, in a row: all of them measured, and nothing left behind."""

from __future__ import annotations

from typing import Any

import docker

from benchmarks.truth.kernel_mark import PLACES
from benchmarks.truth.session import Operator, profile
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.watched import Bench


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return how many were measured, and what was left at the engine and among the cgroups."""
    before = _there_is()
    operators = [Operator(f"true-{number}", ("true",), True) for number in range(sizes.nothing)]
    session = profile(bench.image, operators, bench.payload)
    results = [told.result for told in session.told]
    return {
        "asked": len(results),
        "with_cpu": sum((one["cpu"]["total_seconds"] or 0) > 0 for one in results),
        "with_peak": sum((one["memory"]["peak_bytes"] or 0) > 0 for one in results),
        "left_over": sorted(_there_is() - before),
        "wall_s": session.wall_s,
    }


def _there_is() -> set[str]:
    """Return all containers, networks and cgroups of cpost's that there are."""
    client = docker.from_env()
    containers = [f"container {one.name}" for one in client.containers.list(all=True)]
    networks = [f"network {one.name}" for one in client.networks.list()]
    client.close()
    cgroups = [f"cgroup {one}" for place, _ in PLACES for one in place.glob("*") if one.is_dir()]
    return {*containers, *networks, *cgroups}
