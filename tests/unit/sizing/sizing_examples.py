"""Samples and runs for tests of sizing."""

from cpost.meter.sample import Rung, Sample, Totals
from cpost.record.run import Run, RunResult, RunState, Settings

MS = 1_000_000
MB = 1_000_000


def sample(at_ms, cpu_usec=0, memory_bytes=0, **others):
    return Sample(at_ms * MS, at_ms * MS, cpu_usec, memory_bytes, **others)


def run(
    samples=(),
    *,
    state=RunState.PASS,
    reason="",
    started_wall_ns=0,
    duration_ms=None,
    interval_s=0.1,
    **totals,
):
    result = RunResult(
        state,
        exit_code=0,
        reason=reason,
        started_wall_ns=started_wall_ns,
        duration_ns=None if duration_ms is None else duration_ms * MS,
        rung=Rung.PARENT_CGROUP_V2,
        totals=Totals(**totals),
    )
    settings = Settings("reader", "reader:1", "/payload", interval_s, "docker")
    return Run("reader", 1, settings, result, tuple(samples), len(samples), None, "")
