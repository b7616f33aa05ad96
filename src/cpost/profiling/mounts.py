"""Which folders an operator sees, and where its outputs lie on this machine."""

from __future__ import annotations

from pathlib import Path

from cpost.engine.port import Mount, MountRole
from cpost.pipeline.model import Input, Operator, Output

_UNNAMED = "output"


def output_folder(outputs_dir: Path, operator: Operator, output: Output) -> Path:
    """Return the folder that an output is written to: ``<outputs_dir>/<operator>/<output>``.

    An output without a name is the operator's only one and lies in ``output``.
    """
    return _folder(outputs_dir, operator.name, output.name)


def mounts(
    operator: Operator, *, payload: Path, outputs_dir: Path, writable_input: bool
) -> tuple[Mount, ...]:
    """Return what is mounted into an operator: its inputs, then its outputs, in file order.

    Outputs are writable; the payload only with ``writable_input``; outputs of other operators
    never. An input without a path (a typed one) is not mounted.
    """
    inputs = [
        _input_mount(one, one.path, payload, outputs_dir, writable_input=writable_input)
        for one in operator.inputs
        if one.path is not None
    ]
    outputs = [
        Mount(
            source=output_folder(outputs_dir, operator, one),
            target=one.path,
            read_only=False,
            role=MountRole.OUTPUT,
            name=one.name,
        )
        for one in operator.outputs
    ]
    return (*inputs, *outputs)


def _input_mount(
    one: Input, path: str, payload: Path, outputs_dir: Path, *, writable_input: bool
) -> Mount:
    if one.from_operator is None:
        return Mount(payload, path, read_only=not writable_input, role=MountRole.INPUT)
    return Mount(
        source=_folder(outputs_dir, one.from_operator, one.output_name),
        target=path,
        read_only=True,
        role=MountRole.INPUT,
        name=one.output_name,
    )


def _folder(outputs_dir: Path, operator: str, output: str | None) -> Path:
    return outputs_dir / operator / (_UNNAMED if output is None else output)
