"""Memory: what containers held of each kind, and what everybody says of it."""

from __future__ import annotations

from typing import Any

from benchmarks.truth.session import Operator
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.watched import Bench, watch

# MiB: anonymous, page cache, tmpfs.
HELD = {
    "anonymous": (256, 0, 0),
    "page-cache": (0, 256, 0),
    "anonymous-beside-page-cache": (64, 256, 0),
    "tmpfs": (0, 0, 128),
    "all-three": (64, 256, 64),
}


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return what was held, what cpost tells of it, and what the peers show."""
    del sizes
    seen = watch(bench, [Operator(name, ("hold", *mib)) for name, mib in HELD.items()])
    return {
        "holders": [
            {
                **one.peaks(),
                "held_bytes": one.told.said["hard_bytes"],
                "held_cache_bytes": one.told.said["cache_bytes"],
                "hard_bytes": one.told.result["memory"]["hard_peak_bytes"],
            }
            for one in seen
        ]
    }
