import signal

import pytest

from cpost.engine.port import ContainerExit
from cpost.meter.sample import Rung, Totals
from cpost.profiling.outcome import Outcome, outcome
from cpost.record.run import RunState

MIB = 1 << 20


def ended(
    code: int,
    *,
    flag: bool = False,
    kills: int | None = 0,
    peak: int | None = None,
    limit: int | None = None,
    rung: Rung = Rung.PARENT_CGROUP_V2,
) -> Outcome:
    exit_ = ContainerExit(code, oom_killed=flag, started_ns=None, finished_ns=None)
    totals = Totals(oom_kills=kills, memory_peak_bytes=peak, memory_limit_bytes=limit)
    return outcome(exit_, totals, rung, None)


def test_exit_0_passes() -> None:
    assert ended(0) == Outcome(RunState.PASS, oom_killed=False, reason="", advice="")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1, "exit 1"), (126, "exit 126"), (137, "exit 137 (SIGKILL)"), (143, "exit 143 (SIGTERM)")],
)
def test_any_other_exit_fails_and_a_signal_is_named(code: int, reason: str) -> None:
    result = ended(code)
    assert (result.state, result.reason, result.oom_killed) == (RunState.FAIL, reason, False)


@pytest.mark.parametrize("code", [1, 2, 6, 9, 11, 15, 31])
def test_every_signal_is_told_by_its_name(code: int) -> None:
    assert ended(128 + code).reason == f"exit {128 + code} ({signal.Signals(code).name})"


def test_an_exit_code_above_all_signals_is_just_a_number() -> None:
    assert ended(255).reason == "exit 255"


@pytest.mark.parametrize(("flag", "kills"), [(True, 0), (False, 1), (True, None)])
def test_either_witness_of_an_oom_kill_is_enough(flag: bool, kills: int | None) -> None:
    result = ended(137, flag=flag, kills=kills)
    assert result.oom_killed
    assert result.reason == "killed for memory"


def test_an_oom_kill_hidden_by_exit_0_is_not_a_pass() -> None:
    result = ended(0, kills=1)
    assert result.state is RunState.FAIL
    assert "exit 0" in result.reason


@pytest.mark.parametrize(("peak_mib", "next_mib"), [(64, 164), (1000, 1200)])
def test_after_an_oom_kill_the_next_size_is_100_mib_or_a_fifth_more(
    peak_mib: int, next_mib: int
) -> None:
    assert f"try {next_mib} MiB next" in ended(137, kills=1, peak=peak_mib * MIB).advice


def test_a_time_out_is_told_as_such_and_not_as_the_kill_that_ended_it() -> None:
    exit_ = ContainerExit(137, oom_killed=False, started_ns=None, finished_ns=None)
    assert outcome(exit_, Totals(), None, 1.5).reason == "timed out after 1.5 s"


@pytest.mark.parametrize(("kills", "rung"), [(0, Rung.PARENT_CGROUP_V1), (None, Rung.ENGINE_STATS)])
def test_a_kill_at_the_memory_limit_that_nobody_counted_is_likely_for_memory_yet_not_claimed(
    kills: int | None, rung: Rung
) -> None:
    result = ended(137, kills=kills, peak=64 * MIB, limit=64 * MIB, rung=rung)
    assert not result.oom_killed
    assert result.reason == "exit 137 (SIGKILL)"
    assert result.advice == (
        "most likely killed for memory: its memory had reached its limit of 64 MiB"
    )


@pytest.mark.parametrize(
    ("code", "kills", "peak", "limit", "rung"),
    [
        (137, 0, 64 * MIB, 64 * MIB, Rung.PARENT_CGROUP_V2),  # counted to the end: none
        (137, None, 60 * MIB, 64 * MIB, Rung.ENGINE_STATS),
        (137, None, 64 * MIB, None, Rung.ENGINE_STATS),
        (137, None, None, 64 * MIB, Rung.ENGINE_STATS),
        (143, None, 64 * MIB, 64 * MIB, Rung.ENGINE_STATS),
    ],
)
def test_any_other_kill_is_not_said_to_be_for_memory(
    code: int, kills: int | None, peak: int | None, limit: int | None, rung: Rung
) -> None:
    result = ended(code, kills=kills, peak=peak, limit=limit, rung=rung)
    assert "memory" not in result.advice
