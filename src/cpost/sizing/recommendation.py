"""What to request for an operator, and why; or why nothing can be said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The requests of one operator by one strategy.

    Both requests are None where there is no recommendation; ``reason`` then says why, in words
    that fit into a table, and else how the requests came about. ``gpus`` is None where nothing is
    known of its use of GPUs.
    """

    strategy: str
    cpu_cores: int | None
    memory_mib: int | None
    reason: str
    gpus: int | None = None


def withheld(strategy: str, why: str) -> Recommendation:
    """Return the recommendation of nothing, for the reason ``why``."""
    return Recommendation(strategy, None, None, f"no recommendation: {why}")
