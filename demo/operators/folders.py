"""Where an operator finds its folders: mounted in a container, or told by variables without one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# What one operator hands to the next.
VOLUME_FILE = "volume.mhd"
MASK_FILE = "spleen.mhd"

_SOLE = "NVIDIA_CLARA_"
_NAMED = "CPOST_"


def input_folder(mounted: str, name: str | None = None) -> Path:
    """Return an input folder, ``mounted`` at this path where the operator is in a container.

    ``name`` is None for an operator's only input, else what the definition calls it. Ends the
    operator with one line where the folder is not there.
    """
    folder = _folder("INPUT", mounted, name)
    if not folder.is_dir():
        sys.exit(f"the input folder {folder} is not there")
    return folder


def output_folder(mounted: str, name: str | None = None) -> Path:
    """Return an output folder, as ``input_folder`` does; it is made where it is missing."""
    folder = _folder("OUTPUT", mounted, name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _folder(kind: str, mounted: str, name: str | None) -> Path:
    variable = f"{_NAMED}{kind}_{name.upper()}" if name else f"{_SOLE}{kind}"
    return Path(os.environ.get(variable, mounted))
