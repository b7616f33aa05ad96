"""What cpost itself costs while an operator executes, and how late its samples are."""

from __future__ import annotations

import time
from typing import Any

import psutil

from benchmarks.truth.session import Operator, Session, profile
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.statistic import lateness_ns, percentile
from benchmarks.truth.watched import Bench

INTERVALS_S = (0.05, 0.01)
# By then the operator executes, on a busy machine too.
STARTED_S = 6.0
ENDS_S = 2


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return its shares of one core by rate, and the lateness of samples."""
    return {"rates": [_rate(bench, sizes.own_s, interval_s) for interval_s in INTERVALS_S]}


def _rate(bench: Bench, seconds: int, interval_s: float) -> dict[str, Any]:
    used_s: list[float] = []

    def read_its_use(pid: int) -> None:
        process = psutil.Process(pid)
        time.sleep(STARTED_S)
        used_s.append(_cpu_s(process))
        time.sleep(seconds)
        used_s.append(_cpu_s(process))

    operator = Operator("idle", ("idle", round(STARTED_S) + seconds + ENDS_S))
    session = profile(bench.image, [operator], bench.payload, interval_s, read_its_use)
    late_ns = _lateness_ns(session, interval_s)
    return {
        "interval_s": interval_s,
        "share_executing": (used_s[1] - used_s[0]) / seconds,
        "share_whole": session.own_cpu_s / session.wall_s,
        "long_s": round(session.wall_s),
        "samples": len(late_ns),
        "late_p50_ns": percentile(late_ns, 50),
        "late_p99_ns": percentile(late_ns, 99),
    }


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _lateness_ns(session: Session, interval_s: float) -> list[int]:
    # The last sample is taken when the operator has ended, not when its time has come.
    samples = session.only().samples[:-1]
    return lateness_ns([int(row["at_ns"]) for row in samples], round(interval_s * 1e9))
