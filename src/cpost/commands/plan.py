"""``cpost plan``: what would be executed, told without an engine."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
from dataclasses import replace
from pathlib import Path

from cpost.commands.checks import check_triton
from cpost.commands.planned_servers import PlannedServers
from cpost.commands.profile_options import add_reading, add_triton, triton_options
from cpost.engine.docker_command import docker_run_line, docker_run_lines
from cpost.engine.port import NETWORK_NAME, ContainerSpec, MountRole
from cpost.errors import UsageError
from cpost.pipeline.model import Operator
from cpost.pipeline.order import execution_order
from cpost.pipeline.reader import ReadPipeline, read_pipeline
from cpost.pipeline.secrets import redacted
from cpost.profiling.specs import container_spec
from cpost.reports.plan import Plan, PlannedMount, PlannedOperator, plan_object
from cpost.reports.plan_text import plan_text
from cpost.reports.safe_stream import print_whole
from cpost.triton.servers import TritonOptions

# What is not known before a session begins; absolute, so that the commands can be tried.
_SESSION = "plan"
_PAYLOAD = Path("/path/to/input_dir")
_OUTPUTS = Path("/path/to/outputs")

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("pipeline_path", metavar="PIPELINE", type=Path, help="definition file")
    parser.add_argument(
        "input_dir",
        metavar="INPUT",
        nargs="?",
        type=Path,
        help=f"input payload directory (default: {_PAYLOAD} stands for it)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    add_reading(parser)
    parser.add_argument(
        "--models_dir", metavar="DIR", type=Path, help="directory for Triton models"
    )
    add_triton(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the plan; DefinitionError, UsageError."""
    payload = _directory(args.input_dir, "INPUT")
    triton = triton_options(args)
    models_dir = _directory(args.models_dir, "--models_dir")
    definition = read_pipeline(
        args.pipeline_path, dict(args.param), job_id=_SESSION, strict=args.strict
    )
    for warning in definition.warnings:
        _log.warning("%s", warning)
    if models_dir is not None:
        check_triton(definition.pipeline, triton)
    triton = replace(triton, models_dir=models_dir)
    plan = _plan(definition, payload, triton, writable_input=args.writable_input)
    print_whole(json.dumps(plan_object(plan), indent=2) + "\n" if args.json else plan_text(plan))
    return 0


def _directory(path: Path | None, what: str) -> Path | None:
    if path is None:
        return None
    if not path.is_dir():
        found = "is not a directory" if path.exists() else "does not exist"
        raise UsageError(f"{what}: {path} {found}", hint=f"ls -ld {shlex.quote(str(path))}")
    return path.resolve()


def _plan(
    definition: ReadPipeline,
    payload: Path | None,
    triton: TritonOptions,
    *,
    writable_input: bool,
) -> Plan:
    operators = execution_order(definition.pipeline)
    specs = [
        container_spec(
            operator,
            session_id=_SESSION,
            index=index,
            payload=payload or _PAYLOAD,
            outputs_dir=_OUTPUTS,
            writable_input=writable_input,
            network=NETWORK_NAME,
        )
        for index, operator in enumerate(operators, 1)
    ]
    servers = PlannedServers(operators, triton, session_id=_SESSION, outputs_dir=_OUTPUTS)
    specs = [
        servers.told_to(operator, spec) for operator, spec in zip(operators, specs, strict=True)
    ]
    return Plan(
        pipeline=definition.pipeline,
        operators=tuple(map(_planned, operators, specs)),
        payload=str(payload or _PAYLOAD),
        payload_given=payload is not None,
        models_dir=None if triton.models_dir is None else str(triton.models_dir),
        network=NETWORK_NAME,
        warnings=definition.warnings,
        servers=servers.planned(),
    )


def _planned(operator: Operator, spec: ContainerSpec) -> PlannedOperator:
    shown = replace(spec, environment=redacted(spec.environment))
    folders = [str(one.source) for one in spec.mounts if one.role is MountRole.OUTPUT]
    make_folders = [f"mkdir -p -m 777 {shlex.quote(folder)}" for folder in folders]
    return PlannedOperator(
        operator=operator,
        container_name=spec.name,
        environment=shown.environment,
        mounts=_planned_mounts(operator, spec),
        docker_run=docker_run_line(shown),
        by_hand=(*make_folders, *docker_run_lines(shown)),
    )


def _planned_mounts(operator: Operator, spec: ContainerSpec) -> tuple[PlannedMount, ...]:
    # Inputs come first, and only those that have a path are mounted.
    sources = [one.from_operator for one in operator.inputs if one.path is not None]
    sources += [None] * (len(spec.mounts) - len(sources))  # outputs and volumes
    return tuple(
        PlannedMount(
            target=mount.target,
            source=str(mount.source),
            read_only=mount.read_only,
            role=mount.role.value,
            from_operator=source,
            output=mount.name,
        )
        for mount, source in zip(spec.mounts, sources, strict=True)
    )
