"""CPU seconds: what burners used by their own account, and what everybody else says."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.truth.session import Operator
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.statistic import median
from benchmarks.truth.watched import Bench, Watched, watch

FLOORS = 5
THREADS_BURN_S = 2.0


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return every burner's figures, and the floor: what a container costs that does nothing."""
    floors = [Operator(f"floor-{number}", ("true",), plain=True) for number in range(FLOORS)]
    burners = [
        *(
            Operator(f"burn-{round(seconds * 1000)}ms", ("burn", seconds, 1))
            for seconds in sizes.burn_s
        ),
        *(
            Operator(f"threads-{count}", ("burn", THREADS_BURN_S, count))
            for count in range(1, (os.cpu_count() or 1) + 1)
        ),
        Operator("storm", ("storm", sizes.storm_children)),
    ]
    seen = watch(bench, [*floors, *burners])
    nothing = [one for one in seen if one.told.operator in floors]
    return {
        "floor_cpu_usec": median([_cpu_usec(one) for one in nothing]),
        "floor_peak_bytes": median([one.peaks()["peak_bytes"] for one in nothing]),
        "burners": [_figures(one) for one in seen if one not in nothing],
    }


def _figures(seen: Watched) -> dict[str, Any]:
    return {
        **seen.peaks(),
        "own_cpu_usec": seen.told.said["cpu_usec"],
        "cpu_usec": _cpu_usec(seen),
        "maximum_cores": seen.told.result["cpu"]["maximum_cores"],
        "docker_stats_cpu_usec": seen.docker_stats.cpu_usec,
        "psrecord_cpu_usec": seen.psrecord.cpu_usec,
    }


def _cpu_usec(seen: Watched) -> int:
    total_s: float = seen.told.result["cpu"]["total_seconds"]
    return round(total_s * 1e6)
