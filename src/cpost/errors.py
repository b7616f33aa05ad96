"""Every error a user can meet, and the exit code it ends with.

::

    CpostError                        exit  who can mend it
    ├── UsageError                       2  whoever typed the command
    ├── DefinitionError                  3  the author of the pipeline definition
    ├── EngineError                      4  whoever runs the container engine
    │   ├── EngineUnreachableError       4
    │   ├── EngineBusyError              4  (another cpost is at work)
    │   ├── NetworkTakenError            4
    │   ├── FolderUnseenError            4  (it is elsewhere, and has no such folder)
    │   └── EngineLostError              4  (it went away while an operator executed)
    ├── MeasureError                     5  the machine's administrator
    ├── OperatorFailedError              6  the author of the operator
    ├── ImageError                       7  whoever keeps the images
    ├── TritonError                      8
    ├── CheckFailedError                 9
    ├── RecordError                     10  whoever owns the disk
    └── InterruptedByUserError      129/130/143  the person at the keyboard

Exit code 1 is a bug of cpost itself and comes with its traceback; 0 means all is well.
"""

from __future__ import annotations

import signal


class CpostError(Exception):
    """An error whose cause lies outside cpost.

    ``str(error)`` is one or more plain lines; ``hint`` says what to do, if possible as a command
    to type, and is None where nothing better can be said than the message itself.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(CpostError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class DefinitionError(CpostError):
    """The pipeline definition is wrong; the message holds all its problems, one a line."""

    exit_code = 3


class EngineError(CpostError):
    """The container engine cannot be used."""

    exit_code = 4


class EngineUnreachableError(EngineError):
    """No engine answers, or it does not let this user in."""


class EngineBusyError(EngineError):
    """Another cpost is at work at this engine."""


class NetworkTakenError(EngineError):
    """A network of cpost's name exists that is not cpost's."""


class FolderUnseenError(EngineError):
    """The engine is on another machine, where a folder to be mounted does not exist."""


class EngineLostError(EngineError):
    """The engine stopped answering while it was needed."""


class MeasureError(CpostError):
    """This machine cannot be measured."""

    exit_code = 5


class OperatorFailedError(CpostError):
    """At least one operator failed."""

    exit_code = 6


class ImageError(CpostError):
    """An image cannot be had."""

    exit_code = 7


class TritonError(CpostError):
    """The Triton sidecar cannot be had."""

    exit_code = 8


class CheckFailedError(CpostError):
    """A check that was asked for did not pass."""

    exit_code = 9


class RecordError(CpostError):
    """Results could not be kept."""

    exit_code = 10


class InterruptedByUserError(CpostError):
    """A signal asked cpost to stop; the exit code is the shell's usual 128 + signal number."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}")
        self.exit_code = 128 + signal_number
