"""Doubts about processes that the kernel killed for memory."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.meter.sample import Rung
from cpost.record.run import Run, RunResult
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.usage import Usage


def kill_doubts(run: Run, used: Usage) -> Iterator[Doubt]:
    """Yield doubts about kills that the exit code hides, or that only one side counted."""
    del used
    result = run.result
    kills, flag = result.totals.oom_kills, result.engine_oom_killed
    if result.exit_code == 0 and (kills or flag or result.oom_killed):
        yield Doubt(
            DoubtKind.CHILD_KILLED,
            "a process of it was killed for memory though it exited with 0, so its output may be "
            "incomplete",
            "give it more memory, and look at what it wrote",
        )
    if kills is not None and flag is not None and _contradict(run.result, kills, flag=flag):
        counted = "none" if not kills else "one" if kills == 1 else str(kills)
        yield Doubt(
            DoubtKind.KILLS_DIFFER,
            f"of kills for memory the kernel counted {counted}, and the engine's flag says "
            f"{'yes' if flag else 'no'}",
            "trust whichever says that there was one",
        )


def _contradict(result: RunResult, kills: int, *, flag: bool) -> bool:
    """Whether one side counted what the other should have seen.

    The kernel's count is of the very end only in a parent cgroup of version 2; anywhere else it
    stands in the container's own cgroup, and a last kill may be gone with that.
    """
    if not kills and flag:
        return result.rung is Rung.PARENT_CGROUP_V2
    return bool(kills) and not flag
