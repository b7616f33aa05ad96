"""Spikes: memory that is there for moments, and who finds it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.truth.session import APPETITE, Operator
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.watched import Bench, Watched, watch

SPIKE_MIB = 200
WARM_MIB = 300
# How cpost's warning reads, in whatever words: that a spike fell between two samples.
_TOLD = re.compile(r"spike|between two samples|no sample", re.IGNORECASE)


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return for every spike how high everybody saw memory rise."""
    operators = [
        Operator(f"spike-{milliseconds}ms-{number}", ("spike", SPIKE_MIB, milliseconds))
        for milliseconds, count in sizes.spikes.items()
        for number in range(count)
    ]
    with _warm_memory():
        return {"spikes": [_figures(one) for one in watch(bench, operators)]}


@contextmanager
def _warm_memory() -> Iterator[None]:
    """Keep memory at hand that is quickly had, lest short spikes become long ones."""
    command = [sys.executable, str(APPETITE), "warm", str(WARM_MIB)]
    with subprocess.Popen(command) as warmer:
        try:
            yield
        finally:
            warmer.kill()


def _figures(seen: Watched) -> dict[str, Any]:
    return {
        **seen.peaks(),
        "milliseconds": seen.told.operator.words[-1],
        "spike_bytes": seen.told.said["spike_bytes"],
        "lasted_usec": seen.told.said["lasted_usec"],
        "sampled_bytes": max((int(row["memory_bytes"]) for row in seen.told.samples), default=0),
        "warned": any(_TOLD.search(str(one)) for one in seen.told.result["warnings"]),
    }
