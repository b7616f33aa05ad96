"""A Triton model that burns as many CPU seconds as it is asked for."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """See Triton's Python backend."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer each request once its CPU time is used."""
        return [self._answer(one) for one in requests]

    def _answer(self, request: Any) -> Any:
        seconds = float(pb_utils.get_input_tensor_by_name(request, "SECONDS").as_numpy()[0])
        if seconds < 0:
            raise ValueError("no negative time can be burnt")
        began = time.process_time()
        while time.process_time() - began < seconds:
            sum(range(1000))
        burnt = np.array([time.process_time() - began], dtype=np.float32)
        return pb_utils.InferenceResponse([pb_utils.Tensor("BURNT", burnt)])
