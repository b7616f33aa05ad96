"""The model as the server's backend loads it, with a backend of a few lines."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import make_payload
from check_result import dice
from operators import model
from operators.metaimage import Volume
from operators.resample import at_spacing

FOLDER = Path(make_payload.__file__).parent / "models" / model.MODEL
SLICES, SIZE = 60, 120


@dataclass
class Tensor:
    name: str
    array: np.ndarray

    def as_numpy(self) -> np.ndarray:
        return self.array


@dataclass
class Response:
    output_tensors: list[Tensor] = field(default_factory=list)
    error: str | None = None


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The model's ``execute``, for volumes instead of requests."""
    backend = ModuleType("triton_python_backend_utils")
    vars(backend).update(Tensor=Tensor, InferenceResponse=Response, TritonError=str)
    vars(backend).update(get_input_tensor_by_name=lambda request, name: request[name])
    monkeypatch.setitem(sys.modules, backend.__name__, backend)
    monkeypatch.syspath_prepend(FOLDER / "1")
    served = importlib.import_module("model").TritonPythonModel()
    yield lambda *volumes: served.execute(
        [{model.VOLUME_TENSOR: Tensor(model.VOLUME_TENSOR, volume)} for volume in volumes]
    )
    for name in ("model", "spleen"):
        sys.modules.pop(name)


def on_the_models_grid(voxels: np.ndarray) -> np.ndarray:
    step_mm = make_payload.FIELD_MM / SIZE
    spacing_mm = (step_mm, step_mm, make_payload.LENGTH_MM / (SLICES - 1))
    return at_spacing(Volume(voxels, spacing_mm, (0.0, 0.0, 0.0)), 1.5).voxels


@pytest.fixture(scope="module")
def body_hu() -> np.ndarray:
    noise = np.random.default_rng(11)
    heights_mm = make_payload.slice_positions_mm(SLICES)
    return np.stack([make_payload.draw_slice_hu(SIZE, z, noise) for z in heights_mm])


def test_it_finds_the_spleen_and_a_request_that_fails_fails_alone(
    serve: Any, body_hu: np.ndarray
) -> None:
    air = np.full((8, 8, 8), -1000, np.int16)
    refused, response = serve(air, on_the_models_grid(body_hu))
    assert "nothing but air" in refused.error
    assert refused.output_tensors == []
    (mask,) = response.output_tensors
    truth = on_the_models_grid(make_payload.truth_mask(SLICES, SIZE) * np.int16(100)) > 50
    assert mask.name == model.MASK_TENSOR
    assert mask.array.dtype == np.uint8
    assert dice(mask.array, truth.astype(np.uint8)) >= 0.95


def test_it_refuses_a_body_without_spleen_even_though_the_liver_is_as_bright(
    serve: Any, body_hu: np.ndarray
) -> None:
    # x runs to the patient's left; the liver reaches a little over the middle.
    without = body_hu.copy()
    without[:, :, 64:] = np.minimum(without[:, :, 64:], 60)
    (response,) = serve(on_the_models_grid(without))
    assert "left half" in response.error


def test_the_configuration_names_the_tensors_that_the_operator_sends_and_wants() -> None:
    words = (FOLDER / "config.pbtxt").read_text().split('"')
    assert words.index(model.VOLUME_TENSOR) < words.index(model.MASK_TENSOR)
