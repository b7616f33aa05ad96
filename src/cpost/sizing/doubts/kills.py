"""Doubts about processes that the kernel killed for memory."""

from __future__ import annotations

from collections.abc import Iterator

from cpost.record.run import Run
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
    if kills is not None and flag is not None and bool(kills) != flag:
        counted = "none" if not kills else "one" if kills == 1 else str(kills)
        yield Doubt(
            DoubtKind.KILLS_DIFFER,
            f"of kills for memory the kernel counted {counted}, and the engine's flag says "
            f"{'yes' if flag else 'no'}",
            "trust whichever says that there was one",
        )
