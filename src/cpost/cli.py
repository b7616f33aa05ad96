"""Arguments in, exit code out: the only place where an error becomes one."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import cpost
from cpost.errors import CpostError, UsageError
from cpost.interrupt import interruptible
from cpost.reports.safe_stream import SafeStream

_COMMANDS = {
    "profile": "the main job's full name",
    "plan": "what would be executed; needs no engine",
    "doctor": "what this machine can measure, and what would better it",
}
_FORCE_VALUES = ("none", "cont", "stop")


def main(argv: Sequence[str] | None = None) -> int:
    """Execute the command line ``argv`` (None: this process's) and return the exit code."""
    _prepare_streams()
    try:
        with interruptible():
            return _execute(list(sys.argv[1:] if argv is None else argv))
    except CpostError as error:
        told = SafeStream(sys.stderr, "stderr")
        told.write(f"cpost: error: {error}\n")
        if error.hint:
            told.write(f"hint: {error.hint}\n")
        return error.exit_code


def _execute(words: Sequence[str]) -> int:
    if not words:
        _main_parser().print_help()
        return 0
    is_command = words[0] in _COMMANDS
    name = words[0] if is_command else "profile"
    parser = _command_parser(name) if is_command else _main_parser()
    arguments = parser.parse_intermixed_args(normalised(words[is_command:]))
    _configure_logging(verbose=getattr(arguments, "verbose", False))
    return int(importlib.import_module(f"cpost.commands.{name}").execute(arguments))


def _prepare_streams() -> None:
    """See to it that no way of printing can end a measurement."""
    # None where whoever called has closed it: >&-
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115  # open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name the terminal cannot show
    logging.raiseExceptions = False


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with a command line as all other errors are told."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"{self.prog} --help")


def _main_parser() -> argparse.ArgumentParser:
    from cpost.commands import profile_options

    width = max(map(len, _COMMANDS))
    parser = _Parser(
        prog="cpost",
        description=profile_options.DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n"
        + "\n".join(f"  cpost {name:{width}}  {text}" for name, text in _COMMANDS.items())
        + "\n\nexit codes: 0 all well, 2 usage, 3 wrong definition, 4 no engine, 5 not measurable,"
        "\n6 an operator failed, 7 no image, 8 Triton, 10 results not kept, 130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"cpost {cpost.__version__}")
    profile_options.add_arguments(parser)
    return parser


def _command_parser(name: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=f"cpost {name}", description=_COMMANDS[name])
    if name == "profile":
        from cpost.commands import profile_options

        profile_options.add_arguments(parser)
    else:
        importlib.import_module(f"cpost.commands.{name}").add_arguments(parser)
    return parser


def normalised(words: Sequence[str]) -> list[str]:
    """Return the words with options spelt as declared.

    Hyphens within an option's name become underscores, and ``--force`` takes a word only if it
    is one of its values: in the original it swallowed a path that followed.
    """
    result: list[str] = []
    for position, word in enumerate(words):
        if word == "--":
            return [*result, *words[position:]]
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            word = f"--{name.replace('-', '_')}{equals}{value}"  # noqa: PLW2901
        following = words[position + 1] if position + 1 < len(words) else ""
        result.append(
            "--force=none" if word == "--force" and following not in _FORCE_VALUES else word
        )
    return result


def _configure_logging(*, verbose: bool) -> None:
    """Send what cpost tells to stderr, as ``cpost: warning: …``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Talk())
    logger = logging.getLogger("cpost")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False


class _Talk(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = "note" if record.levelno == logging.INFO else record.levelname.lower()
        return f"cpost: {level}: {record.getMessage()}"
