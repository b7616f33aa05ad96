"""How many GPUs to request, by those on which a container was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cpost.record.gpu import GpuUse
from cpost.sizing.recommendation import Recommendation

# In a run of under two seconds a use may lie between two readings.
_FEWEST_SAMPLES = 3

_UNUSED = "no GPU: it was given one but used none"


def with_gpus(recommended: Recommendation, uses: Sequence[GpuUse | None]) -> Recommendation:
    """Return what is recommended, with the GPUs for one container's ``uses`` in all its runs.

    As many as a process of it was seen on; none where it was given some and used none. Nothing is
    said where no use was measured or a run was too short to tell, and none of a container for
    which nothing is recommended.
    """
    known = [one for one in uses if one is not None]
    if not known or recommended.cpu_cores is None:
        return recommended
    most = max(len(one.devices) for one in known)
    if most:
        return replace(recommended, gpus=most)
    if len(known) < len(uses) or any(one.samples < _FEWEST_SAMPLES for one in known):
        return recommended
    return replace(recommended, gpus=0, reason=f"{recommended.reason}; {_UNUSED}")
