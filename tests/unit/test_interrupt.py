import os
import signal
import subprocess
import sys

import pytest

from cpost.errors import InterruptedByUserError
from cpost.interrupt import interruptible, shielded


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_exception_with_the_shells_exit_code(number: signal.Signals) -> None:
    with pytest.raises(InterruptedByUserError, match=number.name) as told, interruptible():
        os.kill(os.getpid(), number)
    assert told.value.exit_code == 128 + number


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_signal_stays_ignored_as_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_second_signal_ends_the_process_at_once() -> None:
    program = (
        "import os, signal\n"
        "from cpost.interrupt import interruptible\n"
        "with interruptible():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    finally:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        print('never reached')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 130
    assert ended.stdout == ""
    assert "interrupted twice" in ended.stderr


def unmake_while_interrupted(done: list[str]) -> None:
    with interruptible():
        with shielded():
            os.kill(os.getpid(), signal.SIGTERM)
            with shielded():
                done.append("inner")
            done.append("outer")
        done.append("never")


def test_a_signal_waits_until_something_is_unmade() -> None:
    done: list[str] = []
    with pytest.raises(InterruptedByUserError, match="SIGTERM"):
        unmake_while_interrupted(done)
    assert done == ["inner", "outer"]


def test_after_the_wait_the_shield_is_as_new() -> None:
    for _ in range(2):
        with pytest.raises(InterruptedByUserError), interruptible(), shielded():
            os.kill(os.getpid(), signal.SIGINT)
    with interruptible(), shielded():
        pass


def fail_while_interrupted() -> None:
    with interruptible(), shielded():
        os.kill(os.getpid(), signal.SIGINT)
        raise ZeroDivisionError


def test_an_error_under_the_shield_is_not_lost_behind_the_signal() -> None:
    with pytest.raises(InterruptedByUserError) as told:
        fail_while_interrupted()
    assert isinstance(told.value.__context__, ZeroDivisionError)
