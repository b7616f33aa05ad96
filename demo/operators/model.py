"""What the operators know of the model, wherever it is executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

MODEL = "segmentation_ct_spleen_v1"
# What config.pbtxt calls the model's input and its output.
VOLUME_TENSOR = "VOLUME"
MASK_TENSOR = "SPLEEN"

# Hounsfield units (int16) to a mask of 0 and 1 (uint8); both in slices, rows, columns, 1.5 mm
# apart. Raises ModelError.
FindSpleen = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


class ModelError(Exception):
    """The model gave no mask; the message says why."""
