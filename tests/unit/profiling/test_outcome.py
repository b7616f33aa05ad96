import pytest

from cpost.engine.port import ContainerExit
from cpost.meter.sample import Totals
from cpost.profiling.outcome import Outcome, outcome
from cpost.record.run import RunState

MIB = 1 << 20


def ended(
    code: int, *, flag: bool = False, kills: int | None = 0, peak: int | None = None
) -> Outcome:
    exit_ = ContainerExit(code, oom_killed=flag, started_ns=None, finished_ns=None)
    return outcome(exit_, Totals(oom_kills=kills, memory_peak_bytes=peak), None)


def test_exit_0_passes() -> None:
    assert ended(0) == Outcome(RunState.PASS, oom_killed=False, reason="", advice="")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1, "exit 1"), (126, "exit 126"), (137, "exit 137 (SIGKILL)"), (143, "exit 143 (SIGTERM)")],
)
def test_any_other_exit_fails_and_a_signal_is_named(code: int, reason: str) -> None:
    result = ended(code)
    assert (result.state, result.reason, result.oom_killed) == (RunState.FAIL, reason, False)


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
    assert outcome(exit_, Totals(), 1.5).reason == "timed out after 1.5 s"
