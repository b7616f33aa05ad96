"""Spikes: memory that is there for moments, and who finds it."""

from __future__ import annotations

import re
from typing import Any

from benchmarks.truth.session import Operator
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.watched import Bench, Watched, watch

SPIKE_MIB = 200
# How cpost's warning reads, in whatever words: that a spike fell between two samples.
_TOLD = re.compile(r"spike|between two samples|no sample", re.IGNORECASE)


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return for every spike how high everybody saw memory rise."""
    operators = [
        Operator(f"spike-{milliseconds}ms-{number}", ("spike", SPIKE_MIB, milliseconds))
        for milliseconds, count in sizes.spikes.items()
        for number in range(count)
    ]
    return {"spikes": [_figures(one) for one in watch(bench, operators)]}


def _figures(seen: Watched) -> dict[str, Any]:
    return {
        **seen.peaks(),
        "milliseconds": seen.told.operator.words[-1],
        "spike_bytes": seen.told.said["spike_bytes"],
        "lasted_usec": seen.told.said["lasted_usec"],
        "sampled_bytes": max((int(row["memory_bytes"]) for row in seen.told.samples), default=0),
        "warned": any(_TOLD.search(str(one)) for one in seen.told.result["warnings"]),
    }
