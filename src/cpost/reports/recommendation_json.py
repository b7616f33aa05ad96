"""What an operator or a server should request, in the results of a session."""

from __future__ import annotations

from typing import Any

from cpost.sizing.recommendation import Recommendation


def recommendation_object(recommended: Recommendation) -> dict[str, Any]:
    """Return the object; ``requests`` is null where there is a ``reason`` for none."""
    requests = None
    if recommended.cpu_cores is not None and recommended.memory_mib is not None:
        requests = {
            "cpu": recommended.cpu_cores,
            "memory_mib": recommended.memory_mib,
            "gpu": recommended.gpus,
        }
    return {
        "strategy": recommended.strategy,
        "requests": requests,
        "reason": recommended.reason,
    }
