"""What the end of a container means: passed or failed, in a few words, and what to try next."""

from __future__ import annotations

from dataclasses import dataclass

from cpost.engine.port import ContainerExit
from cpost.meter.sample import Rung, Totals
from cpost.record.exit_code import signal_name
from cpost.record.run import RunState
from cpost.units import BYTES_PER_MIB

_MEANINGS = {
    125: "the engine itself could not start it",
    126: "the command was found but could not be executed: is it executable, and for this machine?",
    127: "the command was not found: check container.command and the image",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; ``reason`` fits into a table, ``advice`` is a sentence or empty."""

    state: RunState
    oom_killed: bool
    reason: str
    advice: str


def outcome(
    exit_: ContainerExit, totals: Totals, rung: Rung | None, timed_out_after_s: float | None
) -> Outcome:
    """Judge how a container ended.

    ``timed_out_after_s`` is the time-out if cpost itself ended it, else None. A process that the
    kernel killed for memory makes a failed run even if the operator's exit code hides it; the
    kernel's count and the engine's flag are both heard, since either may miss it.
    """
    oom = exit_.oom_killed or bool(totals.oom_kills)
    code = exit_.exit_code
    if timed_out_after_s is not None:
        return Outcome(
            RunState.FAIL,
            oom,
            f"timed out after {timed_out_after_s:g} s",
            "give it more time: --timeout SECONDS",
        )
    if oom:
        reason = "killed for memory" if code else "a process was killed for memory, yet exit 0"
        return Outcome(RunState.FAIL, True, reason, _more_memory(totals))
    if code == 0:
        return Outcome(RunState.PASS, False, "", "")
    name = signal_name(code)
    if not name:
        return Outcome(RunState.FAIL, False, f"exit {code}", _MEANINGS.get(code, ""))
    advice = _likely_oom_kill(totals, rung) if name == "SIGKILL" else ""
    return Outcome(
        RunState.FAIL,
        False,
        f"exit {code} ({name})",
        advice or f"something ended it by {name}: not cpost",
    )


def meaning(exit_code: int) -> str:
    """Return what an exit code of a container that never started says; may be empty."""
    return _MEANINGS.get(exit_code, "")


def _count_is_final(totals: Totals, rung: Rung | None) -> bool:
    """Whether the kernel's count of OOM kills was read after the container's end.

    Version 1 counts in the container's own cgroup alone, which is gone by then.
    """
    return totals.oom_kills is not None and rung is Rung.PARENT_CGROUP_V2


def _likely_oom_kill(totals: Totals, rung: Rung | None) -> str:
    """Return advice for a SIGKILL that the kernel may have sent unseen, empty if it did not."""
    limit_bytes, peak_bytes = totals.memory_limit_bytes, totals.memory_peak_bytes
    if limit_bytes is None or peak_bytes is None or _count_is_final(totals, rung):
        return ""
    # The kernel charges memory in batches, so a peak may stay a little below its limit.
    if peak_bytes * 100 < limit_bytes * 99:
        return ""
    return (
        "most likely killed for memory: its memory had reached its limit of "
        f"{limit_bytes // BYTES_PER_MIB} MiB"
    )


def _more_memory(totals: Totals) -> str:
    if totals.memory_peak_bytes is None:
        return "give it more memory"
    used = totals.memory_peak_bytes
    # The platform's own step after an OOM kill, as the vertical pod autoscaler takes it:
    # the larger of 100 MiB more and a fifth more.
    following = max(used + 100 * BYTES_PER_MIB, used * 6 // 5)
    return (
        f"it held {used // BYTES_PER_MIB} MiB when the kernel stopped it: "
        f"try {-(-following // BYTES_PER_MIB)} MiB next"
    )
