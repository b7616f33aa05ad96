"""A reason why figures may mislead, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class DoubtKind(str, Enum):
    """What is doubtful; the values stand in JSON and in ``docs/numbers.md``, and stay."""

    NEVER_SAMPLED = "never-sampled"
    SHORT_RUN = "short-run"
    FEW_SAMPLES = "few-samples"
    GAPS = "gaps"
    COUNTER_BACKWARDS = "counter-backwards"
    UNSEEN_END = "unseen-end"
    ENGINE_STATISTICS = "engine-statistics"
    MISSING_CONTROLLERS = "missing-controllers"
    PEAK_SAMPLED = "peak-sampled"
    SPIKE_MISSED = "spike-missed"
    PEAK_SATURATED = "peak-saturated"
    MEMORY_LIMIT_HIT = "memory-limit-hit"
    CPU_THROTTLED = "cpu-throttled"
    CHILD_KILLED = "child-killed"
    KILLS_DIFFER = "kills-differ"
    SWAPPED = "swapped"
    HOST_SWAPPED = "host-swapped"
    OTHER_LOAD = "other-load"
    STOLEN_TIME = "stolen-time"
    HEAT = "heat"
    START_UP_SHARE = "start-up-share"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is so, in words without a colon, and what to do about it."""

    kind: DoubtKind
    what: str
    to_do: str

    @property
    def message(self) -> str:
        """The sentence that is printed under the table it concerns."""
        return f"{self.what}: {self.to_do}"
