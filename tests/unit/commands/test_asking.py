from __future__ import annotations

import io

import pytest

from cpost.commands.asking import Asking
from cpost.commands.profile_options import Force
from cpost.record.run import Run, RunResult, RunState, Settings


class Answers(io.StringIO):
    def __init__(self, text: str, *, terminal: bool = True) -> None:
        super().__init__(text)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def failed() -> Run:
    settings = Settings("reader", "image:1", "/payload", 0.1, "Docker Engine")
    result = RunResult(RunState.FAIL, exit_code=126, reason="exit 126")
    return Run("reader", 1, settings, result, (), 0, None, "")


def asking(force: Force, answer: str, *, terminal: bool = True) -> tuple[Asking, io.StringIO]:
    questions = io.StringIO()
    return Asking(force, Answers(answer, terminal=terminal), questions), questions


@pytest.mark.parametrize(("force", "goes_on"), [(Force.CONT, True), (Force.STOP, False)])
def test_an_answer_given_beforehand_asks_nothing(failed: Run, force: Force, goes_on: bool) -> None:
    ask, questions = asking(force, "")
    assert ask(failed) is goes_on
    assert questions.getvalue() == ""


@pytest.mark.parametrize(
    ("answer", "goes_on"),
    [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)],
)
def test_a_person_is_asked_and_only_a_yes_goes_on(failed: Run, answer: str, goes_on: bool) -> None:
    ask, questions = asking(Force.NONE, answer)
    assert ask(failed) is goes_on
    assert "Operator reader failed (exit 126)" in questions.getvalue()


def test_without_a_terminal_it_stops_and_names_the_option(
    failed: Run, caplog: pytest.LogCaptureFixture
) -> None:
    ask, questions = asking(Force.NONE, "y\n", terminal=False)
    assert ask(failed) is False
    assert questions.getvalue() == ""
    assert "--force cont" in caplog.text
