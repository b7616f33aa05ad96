"""The options of the main job, and what they become: typed values, so that nobody else parses.

Kept apart from the job itself because ``cpost --help`` needs the options but none of the
libraries.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cpost.engine.port import PullPolicy
from cpost.triton.servers import (
    DEFAULT_TRITON_IMAGE,
    DEFAULT_TRITON_TIMEOUT_S,
    TritonOptions,
)
from cpost.units import BYTES_PER_MIB, parse_bytes

DESCRIPTION = "Clara Pipeline Sizing Tool CLI"
_DEFAULT_LOG_BYTES = 64 * BYTES_PER_MIB
_DEFAULT_START_TIMEOUT_S = 15
_YEAR_S = 365 * 24 * 3600
_MOST_GPUS = 64


class Force(str, Enum):
    """What to do when an operator fails."""

    NONE = "none"  # ask
    CONT = "cont"
    STOP = "stop"


class EngineChoice(str, Enum):
    """Where operators are executed."""

    AUTO = "auto"
    DOCKER = "docker"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What was typed after ``cpost`` or ``cpost profile``."""

    pipeline_path: Path
    input_dir: Path
    metrics_dir: Path | None
    verbose: bool
    force: Force
    json_file: str | None
    interval_s: float
    timeout_s: float | None
    start_timeout_s: float
    engine: EngineChoice
    pull: PullPolicy
    parameters: Mapping[str, str]
    strict: bool
    keep_outputs: Path | None
    writable_input: bool
    record_dir: Path | None
    max_log_bytes: int
    triton: TritonOptions

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> ProfileOptions:
        """Return the options that ``arguments`` hold."""
        return cls(
            pipeline_path=arguments.pipeline_path,
            input_dir=arguments.input_dir,
            metrics_dir=arguments.metrics_dir,
            verbose=arguments.verbose,
            force=Force(arguments.force or Force.NONE),
            json_file=arguments.json,
            interval_s=arguments.interval,
            timeout_s=arguments.timeout,
            start_timeout_s=arguments.start_timeout,
            engine=EngineChoice(arguments.engine),
            pull=PullPolicy(arguments.pull),
            parameters=dict(arguments.param),
            strict=arguments.strict,
            keep_outputs=arguments.keep_outputs,
            writable_input=arguments.writable_input,
            record_dir=arguments.record_dir,
            max_log_bytes=arguments.max_log_bytes,
            triton=triton_options(arguments),
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: first the original's, as its users know them, then ours."""
    parser.add_argument(
        "--metrics_dir",
        type=Path,
        help="metrics output directory, if not specified, write to stdout",
    )
    parser.add_argument(
        "--models_dir",
        type=Path,
        help="directory for Triton models, required if pipeline uses Triton",
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="verbose output (DEBUG level). If not specified, default output is INFO level.",
    )
    parser.add_argument(
        "--force",
        nargs="?",
        choices=[one.value for one in Force],
        default=Force.NONE.value,
        help="force continue or stop when operator failure occurs. (default: none, which will "
        "prompt the user for each failure).",
    )
    _add_measuring(parser)
    _add_executing(parser)
    add_triton(parser.add_argument_group("servers beside operators"))
    parser.add_argument(
        "pipeline_path", metavar="<pipeline_path>", type=Path, help="pipeline definition file path"
    )
    parser.add_argument(
        "input_dir", metavar="<input_dir>", type=Path, help="input payload directory"
    )


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("measuring and results")
    group.add_argument(
        "--json",
        metavar="FILE",
        help="write all results to FILE as JSON; - is stdout, the tables then go to stderr",
    )
    group.add_argument(
        "--interval",
        metavar="SECONDS",
        type=_number("seconds", at_least=0.01, at_most=60),
        default=0.1,
        help="time between two samples, 0.01 to 60 (default: 0.1)",
    )
    group.add_argument(
        "--record_dir",
        metavar="DIR",
        type=Path,
        help="where sessions are kept (default: $CPOST_RECORD_DIR, else cpost in $XDG_DATA_HOME, "
        "else ~/.local/share/cpost)",
    )
    group.add_argument(
        "--max_log_bytes",
        metavar="SIZE",
        type=_size,
        default=_DEFAULT_LOG_BYTES,
        help="most that is kept of what an operator prints, such as 500MB (default: 64MiB)",
    )


def _add_executing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("executing")
    group.add_argument(
        "--engine",
        choices=[one.value for one in EngineChoice],
        default=EngineChoice.AUTO.value,
        help="docker, or process: local processes without isolation (default: auto, which is "
        "docker)",
    )
    group.add_argument(
        "--pull",
        choices=[one.value for one in PullPolicy],
        default=PullPolicy.MISSING.value,
        help="when to pull images (default: missing)",
    )
    add_reading(group)
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_number("seconds", at_least=0.001, at_most=_YEAR_S),
        help="end an operator that executes longer than this (default: no limit)",
    )
    group.add_argument(
        "--start_timeout",
        metavar="SECONDS",
        type=_number("seconds", at_least=0.001, at_most=_YEAR_S),
        default=_DEFAULT_START_TIMEOUT_S,
        help="give up an operator whose start the engine does not confirm within this time "
        f"(default: {_DEFAULT_START_TIMEOUT_S})",
    )
    group.add_argument(
        "--keep_outputs",
        metavar="DIR",
        type=Path,
        help="keep what operators write, in DIR/<operator>/<output> (default: removed at the end)",
    )


def add_triton(group: argparse._ActionsContainer) -> None:
    """Declare what bears on Triton and other services, to start them or not."""
    group.add_argument(
        "--triton_image",
        metavar="IMAGE",
        default=DEFAULT_TRITON_IMAGE,
        help=f"Triton for operators that name models (default: {DEFAULT_TRITON_IMAGE})",
    )
    group.add_argument(
        "--triton_timeout",
        metavar="SECONDS",
        type=_number("seconds", at_least=0.1, at_most=_YEAR_S),
        default=DEFAULT_TRITON_TIMEOUT_S,
        help="longest time until a server takes requests, and that a model takes to load "
        f"(default: {DEFAULT_TRITON_TIMEOUT_S:g})",
    )
    group.add_argument(
        "--triton_gpus",
        metavar="N",
        type=_gpus,
        help="GPUs for Triton where operators name models (default: 1 if the engine has GPUs; "
        "services say so themselves: requests.gpu)",
    )


def triton_options(arguments: argparse.Namespace) -> TritonOptions:
    """Return what ``arguments`` say of servers."""
    models_dir: Path | None = arguments.models_dir
    return TritonOptions(
        models_dir=None if models_dir is None else models_dir.absolute(),
        image=arguments.triton_image,
        timeout_s=arguments.triton_timeout,
        gpus=arguments.triton_gpus,
    )


def add_reading(group: argparse._ActionsContainer) -> None:
    """Declare what bears on any reading of a definition, to execute it or not."""
    group.add_argument(
        "--param",
        metavar="NAME=VALUE",
        type=parameter,
        action="append",
        default=[],
        help="value of a template parameter of the definition; may be repeated",
    )
    group.add_argument(
        "--strict", action="store_true", help="take unknown keys of the definition as errors"
    )
    group.add_argument(
        "--writable_input",
        action="store_true",
        help="let operators write into the payload (default: mounted read-only)",
    )


def _number(unit: str, *, at_least: float, at_most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"not a number of {unit}: {text!r}") from None
        if not at_least <= value <= at_most:
            raise argparse.ArgumentTypeError(
                f"{text} {unit}: at least {at_least:g} and at most {at_most:g}"
            )
        return value

    return parse


def _gpus(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_GPUS:
        raise argparse.ArgumentTypeError(f"not a number of GPUs: {text!r} (0 to {_MOST_GPUS})")
    return int(text)


def _size(text: str) -> int:
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parameter(text: str) -> tuple[str, str]:
    """Return name and value of ``NAME=VALUE``, for argparse."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"not of the form NAME=VALUE: {text!r}")
    return name.strip(), value
