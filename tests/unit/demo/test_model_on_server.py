from __future__ import annotations

import socket

import numpy as np
import pytest

from operators.model import ModelError
from operators.model_on_server import connect


def test_without_an_address_the_operator_says_where_it_looked() -> None:
    with pytest.raises(ModelError, match="NVIDIA_CLARA_TRTISURI or NVIDIA_TRITON_HTTPURI"):
        connect({"NVIDIA_TRITON_HTTPURI": ""})


@pytest.mark.parametrize("variable", ["NVIDIA_CLARA_TRTISURI", "NVIDIA_TRITON_HTTPURI"])
def test_a_server_that_does_not_answer_is_named(variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        find_spleen = connect({variable: address})
        with pytest.raises(ModelError, match=f"the server at {address}: "):
            find_spleen(np.zeros((2, 2, 2), np.int16))
