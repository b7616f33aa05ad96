from __future__ import annotations

from typing import Any

import pytest
from truth_examples import MIB, burner, holder, outcome, spike

from benchmarks.truth.judgement import Row, rows


def only(kind: str = "cgroup-v1", **data: Any) -> Row:
    """The one line that is about more than peaks."""
    (row,) = (one for one in rows(outcome(kind, **data)) if "high-water" not in one.figure)
    return row


@pytest.mark.parametrize(
    ("cpu_usec", "met"),
    [
        (2_000_000, True),
        (2_030_000, True),
        (2_030_001, False),
        (1_990_000, True),
        (1_989_999, False),
    ],
)
def test_cpu_may_be_off_by_half_a_percent_and_above_by_the_floor(cpu_usec: int, met: bool) -> None:
    burn = {"floor_cpu_usec": 20_000, "burners": [burner(2_000_000, cpu_usec)]}
    assert only(burn=burn).met is met


def test_a_peers_cpu_is_told_as_a_part_of_the_truth() -> None:
    burners = [
        burner(2_000_000, 2_000_000, docker_stats_cpu_usec=1_000_000),
        burner(2_000_000, 2_000_000, docker_stats_cpu_usec=None),
    ]
    row = only(burn={"floor_cpu_usec": 0, "burners": burners})
    assert row.docker_stats == "-100% to -50%"
    assert row.psrecord == "n/a"


def test_one_byte_off_the_kernels_mark_misses_the_aim() -> None:
    burners = [burner(1, 1), burner(1, 1, kernel_peak_bytes=9 * MIB + 1)]
    (peaks, _) = rows(outcome(burn={"floor_cpu_usec": 0, "burners": burners}))
    assert peaks.met is False
    assert peaks.seen == "1 of 2 equal, largest difference 1 bytes"


def test_a_mark_that_nobody_caught_proves_nothing() -> None:
    burners = [burner(1, 1, kernel_peak_bytes=None)]
    (peaks, _) = rows(outcome(burn={"floor_cpu_usec": 0, "burners": burners}))
    assert peaks.met is None
    assert "1 marks not caught" in peaks.seen


def test_hard_memory_is_judged_apart_where_page_cache_was_there() -> None:
    holders = [holder(100, 109), holder(100, 111, cache_mib=256)]
    (_, alone, beside) = rows(outcome(memory={"holders": holders}))
    assert alone.met is True
    assert beside.met is False
    assert beside.seen == "100 MiB: +11.0 MiB"
    assert beside.docker_stats == "+50 MiB"


def test_hard_memory_that_was_not_measured_is_a_miss() -> None:
    (_, row, _) = rows(outcome(memory={"holders": [holder(100, None)]}))
    assert row.met is False


def test_a_spike_that_no_sample_saw_wants_a_warning() -> None:
    assert only(spikes={"spikes": [spike(210, 10, warned=True)]}).met is True
    assert only(spikes={"spikes": [spike(210, 10, warned=False)]}).met is False
    assert only(spikes={"spikes": [spike(210, 205, warned=False)]}).met is True
    row = only(spikes={"spikes": [spike(100, 100, warned=True)]})
    assert row.met is False
    assert (row.docker_stats, row.psrecord) == ("0 of 1", "1 of 1")


@pytest.mark.parametrize(
    ("with_peak", "left_over", "met"), [(20, [], True), (19, [], False), (20, ["network x"], False)]
)
def test_all_are_measured_and_nothing_is_left(
    with_peak: int, left_over: list[str], met: bool
) -> None:
    data = {"asked": 20, "with_cpu": 20, "with_peak": with_peak, "left_over": left_over}
    assert only(nothing=data).met is met


def test_an_emulated_machine_has_more_time_for_a_sample() -> None:
    data = {"rung": "parent cgroup v2", "p50_us": 90.0, "p99_us": 200.0}
    assert only("cgroup-v2-emulated", sample=data).met is True
    assert only("cgroup-v2", sample=data).met is False


def test_a_slow_down_is_none_where_the_interval_holds_zero() -> None:
    def pairs(*ratios: float) -> dict[str, Any]:
        return {"pairs": [{"bare_ns": 1_000, "measured_ns": 1_000 * one} for one in ratios]}

    assert only(slow_down=pairs(0.99, 1.0, 1.01, 1.02, 0.98, 1.0)).met is True
    assert only(slow_down=pairs(1.01, 1.02, 1.01, 1.02, 1.03, 1.01)).met is False
    assert only(slow_down=pairs(1.0, 1.0)).met is None
    assert only(slow_down=pairs(0.5, 0.6, 0.8, 1.2, 1.4, 1.5)).met is None


def test_own_use_is_judged_by_rate() -> None:
    def rate(interval_s: float, share: float, late_p99_ns: int) -> dict[str, Any]:
        return {
            "interval_s": interval_s,
            "share_executing": share,
            "share_whole": 0.02,
            "long_s": 34,
            "samples": 600,
            "late_p50_ns": 1,
            "late_p99_ns": late_p99_ns,
        }

    data = {"rates": [rate(0.05, 0.009, 5_000_000), rate(0.01, 0.031, 0)]}
    assert [one.met for one in rows(outcome(own_use=data))] == [True, False, False]
