"""What happens after an operator has failed: the person is asked, or has answered before."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TextIO

from cpost.commands.profile_options import Force
from cpost.record.run import Run

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """Decides by ``--force``; asks where that is ``none`` and somebody is there to answer."""

    force: Force
    answers: TextIO
    questions: TextIO

    @classmethod
    def at_terminal(cls, force: Force) -> Asking:
        """Ask on stderr, so that results alone go to stdout."""
        return cls(force, sys.stdin, sys.stderr)

    def __call__(self, run: Run) -> bool:
        """Whether the operators after ``run``, which failed, are to be executed."""
        if self.force is not Force.NONE:
            return self.force is Force.CONT
        if not self.answers.isatty():
            _log.warning(
                "operator %s failed and nobody is there to ask: stopping "
                "(--force cont executes the others all the same)",
                run.operator,
            )
            return False
        self.questions.write(
            f"Operator {run.operator} failed ({run.result.reason}). "
            "Execute the remaining operators all the same? [y/N] "
        )
        self.questions.flush()
        return self.answers.readline().strip().lower() in {"y", "yes"}
