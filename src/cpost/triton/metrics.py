"""What Triton tells of its models itself, at its port for metrics.

The counters are described in
https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_LINE = re.compile(r"(?P<name>nv_inference_\w+)\{(?P<labels>[^}]*)\}\s+(?P<value>\S+)")
_MODEL = re.compile(r'(?:^|,)\s*model="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class ModelCounters:
    """What one model did since it was loaded; all of its versions together.

    ``compute_usec`` is the time in which its backend worked: reading inputs, computing, writing
    outputs. A request may hold several inferences (a batch).
    """

    requests: int = 0
    failures: int = 0
    inferences: int = 0
    queue_usec: int = 0
    compute_usec: int = 0

    def since(self, earlier: ModelCounters) -> ModelCounters:
        """Return what was added; a model that was loaded anew meanwhile begins at nothing."""
        if earlier.requests > self.requests or earlier.failures > self.failures:
            return self
        return ModelCounters(
            requests=self.requests - earlier.requests,
            failures=self.failures - earlier.failures,
            inferences=self.inferences - earlier.inferences,
            queue_usec=self.queue_usec - earlier.queue_usec,
            compute_usec=self.compute_usec - earlier.compute_usec,
        )


_FIELDS = {
    "nv_inference_request_success": "requests",
    "nv_inference_request_failure": "failures",
    "nv_inference_count": "inferences",
    "nv_inference_queue_duration_us": "queue_usec",
    # Triton 2; its first generation told the three as one.
    "nv_inference_compute_input_duration_us": "compute_usec",
    "nv_inference_compute_infer_duration_us": "compute_usec",
    "nv_inference_compute_output_duration_us": "compute_usec",
    "nv_inference_compute_duration_us": "compute_usec",
}


def parse_metrics(text: str) -> dict[str, ModelCounters]:
    """Return the counters of each model by its name; what is unknown is passed over."""
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or match["name"] not in _FIELDS:
            continue
        model = _MODEL.search(match["labels"])
        if model is None:
            continue
        with suppress(ValueError, OverflowError):  # NaN and +Inf are numbers here, too
            sums[model[1]][_FIELDS[match["name"]]] += round(float(match["value"]))
    return {model: ModelCounters(**counters) for model, counters in sums.items()}


def used_between(
    before: Mapping[str, ModelCounters], after: Mapping[str, ModelCounters]
) -> dict[str, ModelCounters]:
    """Return what each model did between two readings."""
    return {
        model: counters.since(before.get(model, ModelCounters()))
        for model, counters in sorted(after.items())
    }
