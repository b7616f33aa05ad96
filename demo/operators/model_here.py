"""The model in this process, for machines without a server: the same file that Triton serves."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy.typing as npt

from operators.model import MODEL, FindSpleen, ModelError

FILE = Path(__file__).resolve().parent.parent / "models" / MODEL / "1" / "spleen.py"


def load() -> FindSpleen:
    """Return the model's function; its refusals become ModelError."""
    # A folder called "1" is no package, so it cannot be imported by name.
    spec = importlib.util.spec_from_file_location("spleen", FILE)
    assert spec is not None
    assert spec.loader is not None
    spleen = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(spleen)

    def find_spleen(volume_hu: npt.NDArray[Any]) -> npt.NDArray[Any]:
        try:
            mask: npt.NDArray[Any] = spleen.find_spleen(volume_hu)
        except spleen.NoSpleenError as error:
            raise ModelError(str(error)) from error
        return mask

    return find_spleen
