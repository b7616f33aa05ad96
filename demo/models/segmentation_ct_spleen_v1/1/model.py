"""The model as Triton's Python backend wants it; what it computes is in spleen.py beside it."""

from __future__ import annotations

from typing import Any

# Given by the server, as is the folder of this file in sys.path.
import triton_python_backend_utils as triton
from spleen import NoSpleenError, find_spleen


class TritonPythonModel:
    """One instance; the server calls ``execute`` with one request or more."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return a response for each request, in their order; one that fails fails alone."""
        return [_answer(request) for request in requests]


def _answer(request: Any) -> Any:
    volume_hu = triton.get_input_tensor_by_name(request, "VOLUME").as_numpy()
    try:
        mask = find_spleen(volume_hu)
    except NoSpleenError as error:
        return triton.InferenceResponse(error=triton.TritonError(str(error)))
    return triton.InferenceResponse(output_tensors=[triton.Tensor("SPLEEN", mask)])
