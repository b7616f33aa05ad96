"""Samples and runs for tests of sizing."""

from cpost.meter.sample import Rung, Sample, Totals
from cpost.record.run import HostUse, Run, RunResult, RunState, Settings, StartUp
from cpost.sizing.sized_run import size_run

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
    exit_code=0,
    rung=Rung.PARENT_CGROUP_V2,
    engine_oom_killed=None,
    host_use=None,
    start_up=None,
    **totals,
):
    result = RunResult(
        state,
        exit_code=exit_code,
        reason=reason,
        started_wall_ns=started_wall_ns,
        duration_ns=None if duration_ms is None else duration_ms * MS,
        rung=rung,
        totals=Totals(**totals),
        engine_oom_killed=engine_oom_killed,
        host_use=host_use or HostUse(),
        start_up=start_up or StartUp(),
    )
    settings = Settings("reader", "reader:1", "/payload", interval_s, "docker")
    return Run("reader", 1, settings, result, tuple(samples), len(samples), None, "")


def steady(seconds, cores=0.5, memory_bytes=50 * MB, **others):
    """Samples each 0.1 s of a load that never changes."""
    return [
        sample(k * 100, round(k * 100_000 * cores), memory_bytes, **others)
        for k in range(seconds * 10 + 1)
    ]


def kinds(one):
    """What is doubtful about a run."""
    return [doubt.kind for doubt in size_run(one).doubts]


def spotless(samples=None, **others):
    """A run of 4 s of which everything is told and nothing is doubtful."""
    known = {
        "duration_ms": 4000,
        "cpu_usage_usec": 2_000_000,
        "memory_peak_bytes": 52 * MB,
        "throttled_usec": 0,
        "io_read_bytes": 0,
        "io_write_bytes": 0,
        **others,
    }
    if samples is None:
        samples = steady(4, pids=2, hard_bytes=30 * MB)
    return run(samples, **known)
