"""Where an operator without a container finds its folders: in its environment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from cpost.engine.port import Mount, MountRole

_NOT_IN_VARIABLES = re.compile(r"[^A-Za-z0-9]")


def folder_variables(mounts: Iterable[Mount]) -> dict[str, str]:
    """Return the variables that tell an operator its folders.

    ``NVIDIA_CLARA_INPUT`` and ``NVIDIA_CLARA_OUTPUT`` are the first of each. Every folder has
    besides ``CPOST_INPUT_<NAME>`` or ``CPOST_OUTPUT_<NAME>``: the name of the output it holds, and
    where that has none (nor has the payload) the last part of the path the definition gives it,
    so that what would be at ``/dicom`` is ``CPOST_INPUT_DICOM``. Names are in upper case, with
    ``_`` for what no variable may hold.
    """
    first: dict[str, str] = {}
    by_path: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for mount in mounts:
        kind = "INPUT" if mount.role is MountRole.INPUT else "OUTPUT"
        folder = str(mount.source)
        first.setdefault(f"NVIDIA_CLARA_{kind}", folder)
        if mount.name is not None:
            by_name.setdefault(f"CPOST_{kind}_{_variable(mount.name)}", folder)
        else:
            last = PurePosixPath(mount.target).name
            by_path.setdefault(f"CPOST_{kind}_{_variable(last)}", folder)
    return {**first, **by_path, **by_name}


def _variable(name: str) -> str:
    return _NOT_IN_VARIABLES.sub("_", name).upper()
