"""From an operator to all that an engine must know to execute it once."""

from __future__ import annotations

import re
from pathlib import Path

from cpost.engine.port import ContainerSpec
from cpost.pipeline.model import Operator
from cpost.profiling.mounts import mounts

# Tells NVIDIA's base operator that no platform is there to wait for.
_PLATFORM_VARIABLES = {"NVIDIA_CLARA_NOSYNCLOCK": "TRUE"}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")


def container_spec(
    operator: Operator,
    *,
    session_id: str,
    index: int,
    payload: Path,
    outputs_dir: Path,
    writable_input: bool,
    network: str | None,
) -> ContainerSpec:
    """Return the container of the operator that is executed as number ``index`` of a session.

    ``payload`` and ``outputs_dir`` are absolute. The name is ``cpost-<session>-<index>-<operator>``
    in characters that engines take; the labels hold session and operator as they are.
    """
    name = f"cpost-{session_id}-{index:03d}-{operator.name}"
    return ContainerSpec(
        name=_NOT_IN_NAMES.sub("-", name),
        image=operator.container.reference,
        command=operator.container.command,
        entrypoint=operator.container.entrypoint,
        environment={**operator.variables, **_PLATFORM_VARIABLES},
        mounts=mounts(
            operator, payload=payload, outputs_dir=outputs_dir, writable_input=writable_input
        ),
        network=network,
        labels={"cpost.session": session_id, "cpost.operator": operator.name},
        gpus=operator.requests.gpus or 0,
    )
