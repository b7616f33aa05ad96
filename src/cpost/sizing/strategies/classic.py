"""The original's rule: whole cores above the maximum, memory in steps of 256 with 100 to spare."""

from __future__ import annotations

import math

from cpost.record.run import RunResult, RunState
from cpost.sizing.recommendation import Recommendation, withheld
from cpost.sizing.summary import Summary
from cpost.units import BYTES_PER_MB

NAME = "classic"
_STEP = 256
_SPARE_BYTES = 100 * BYTES_PER_MB


def classic(result: RunResult, summary: Summary) -> Recommendation:
    """Return what the original would request, for a run that passed.

    A run that failed was stopped at some point nobody chose: what it used until then says little
    about what it needs.
    """
    cores, peak_bytes = summary.cpu_maximum_cores, summary.memory_peak_bytes
    if result.state is not RunState.PASS:
        return withheld(NAME, result.reason or result.state.value)
    if cores is None or peak_bytes is None:
        return withheld(NAME, f"{'CPU' if cores is None else 'memory'} not measured")
    return requests(cores, peak_bytes)


def requests(cpu_maximum_cores: float, memory_peak_bytes: int) -> Recommendation:
    """Return what is requested for these maxima.

    CPU is taken as it is printed, in percent with three decimals, so that 100.0004 % of jitter
    does not cost a core. Memory is computed in MB of 10^6 bytes and requested in MiB of 2^20, as
    the original has it: what is requested is some 5 % more than what is computed.
    """
    steps = -(-(memory_peak_bytes + _SPARE_BYTES) // (_STEP * BYTES_PER_MB))
    return Recommendation(
        NAME,
        cpu_cores=max(1, math.ceil(round(cpu_maximum_cores, 5))),
        memory_mib=steps * _STEP,
        reason="maximum CPU rounded up to whole cores; "
        "maximum memory and 100 MB more, rounded up to a multiple of 256",
    )
