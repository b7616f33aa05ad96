"""What cpost itself costs while an operator executes, and how late its samples are."""

from __future__ import annotations

from typing import Any

from benchmarks.truth.session import Operator, Session, profile
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.statistic import lateness_ns, median, percentile
from benchmarks.truth.watched import Bench

INTERVALS_S = (0.05, 0.01)


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return its shares of one core by rate, and the lateness of samples."""
    return {"rates": [_rate(bench, sizes, interval_s) for interval_s in INTERVALS_S]}


def _rate(bench: Bench, sizes: Sizes, interval_s: float) -> dict[str, Any]:
    rounds = range(sizes.own_rounds)
    short = [_session(bench, sizes.own_short_s, interval_s) for _ in rounds]
    long = [_session(bench, sizes.own_long_s, interval_s) for _ in rounds]
    more_s = median([one.own_cpu_s for one in long]) - median([one.own_cpu_s for one in short])
    late_ns = [late for one in long for late in _lateness_ns(one, interval_s)]
    return {
        "interval_s": interval_s,
        # Start and end cost the same in both and drop out of the difference.
        "share_executing": more_s / (sizes.own_long_s - sizes.own_short_s),
        "share_whole": median([one.own_cpu_s / one.wall_s for one in long]),
        "long_s": sizes.own_long_s,
        "samples": len(late_ns),
        "late_p50_ns": percentile(late_ns, 50),
        "late_p99_ns": percentile(late_ns, 99),
    }


def _session(bench: Bench, seconds: int, interval_s: float) -> Session:
    return profile(bench.image, [Operator("idle", ("idle", seconds))], bench.payload, interval_s)


def _lateness_ns(session: Session, interval_s: float) -> list[int]:
    (told,) = session.told
    # The last sample is taken when the operator has ended, not when its time has come.
    return lateness_ns([int(row["at_ns"]) for row in told.samples[:-1]], round(interval_s * 1e9))
