"""The model on a Triton Inference Server, whose address the environment tells."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from operators.model import MASK_TENSOR, MODEL, VOLUME_TENSOR, FindSpleen, ModelError

# The first is what the definition with a service calls it, the second what an operator with
# models finds.
ADDRESS_VARIABLES = ("NVIDIA_CLARA_TRTISURI", "NVIDIA_TRITON_HTTPURI")
_CONNECTION_TIMEOUT_S = 10.0
_ANSWER_TIMEOUT_S = 600.0  # a server may have less of a processor than was hoped for


def connect(environ: Mapping[str, str] = os.environ) -> FindSpleen:
    """Return a function that asks the server; ModelError where no address is told."""
    addresses = [environ[name] for name in ADDRESS_VARIABLES if environ.get(name)]
    if not addresses:
        raise ModelError(f"no server's address in {' or '.join(ADDRESS_VARIABLES)}")
    address = addresses[0]

    def find_spleen(volume_hu: npt.NDArray[Any]) -> npt.NDArray[Any]:
        try:
            return _ask(address, volume_hu)
        except (InferenceServerException, OSError) as error:
            raise ModelError(f"the server at {address}: {error}") from error

    return find_spleen


def _ask(address: str, volume_hu: npt.NDArray[Any]) -> npt.NDArray[Any]:
    client = triton.InferenceServerClient(
        address, connection_timeout=_CONNECTION_TIMEOUT_S, network_timeout=_ANSWER_TIMEOUT_S
    )
    try:
        volume = triton.InferInput(
            VOLUME_TENSOR, volume_hu.shape, np_to_triton_dtype(volume_hu.dtype)
        )
        volume.set_data_from_numpy(volume_hu)
        mask = triton.InferRequestedOutput(MASK_TENSOR)
        answer = client.infer(MODEL, [volume], outputs=[mask])
        found: npt.NDArray[Any] = answer.as_numpy(MASK_TENSOR)
        return found
    finally:
        client.close()
