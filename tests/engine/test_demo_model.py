"""The demo's model on a real Triton Inference Server, asked by the operator's own client."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator

import docker
import numpy as np
import pytest

import check_result
import make_payload
import triton_image
from operators import model_on_server, segmentation
from operators.metaimage import Volume
from operators.model import ModelError

pytestmark = pytest.mark.engine

MODELS = triton_image.TRITON.parent / "models"
READY_TIMEOUT_S = 120
SLICES, SIZE = 60, 128


def answer(url: str) -> str | None:
    """What the address gives; None as long as nothing there says that all is well."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return str(response.read(), "utf-8")
    except OSError:
        return None


@pytest.fixture(scope="module")
def server(engine_client: docker.DockerClient, triton_image: str) -> Iterator[str]:
    """The address of a server with the demo's models, without its port."""
    container = engine_client.containers.create(
        triton_image,
        ["tritonserver", "--model-repository=/models"],
        volumes={str(MODELS): {"bind": "/models", "mode": "ro"}},
    )
    try:
        container.start()
        container.reload()
        (network,) = container.attrs["NetworkSettings"]["Networks"].values()
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while answer(f"http://{network['IPAddress']}:8000/v2/health/ready") is None:
            container.reload()
            if container.status != "running" or time.monotonic() > deadline_s:
                pytest.fail(f"the server is not ready: {container.logs(tail=30).decode()}")
            time.sleep(0.1)
        yield network["IPAddress"]
    finally:
        container.remove(force=True)


@pytest.fixture(scope="module")
def volume() -> Volume:
    step_mm = make_payload.FIELD_MM / SIZE
    images = [
        make_payload.draw_slice_hu(SIZE, z, np.random.default_rng([5, index]))
        for index, z in enumerate(make_payload.slice_positions_mm(SLICES))
    ]
    spacing_mm = (step_mm, step_mm, make_payload.LENGTH_MM / (SLICES - 1))
    return Volume(np.stack(images), spacing_mm, (0.0, 0.0, 0.0))


def test_the_server_finds_the_spleen(server: str, volume: Volume) -> None:
    find_spleen = model_on_server.connect({"NVIDIA_TRITON_HTTPURI": f"{server}:8000"})
    mask = segmentation.segment(volume, find_spleen)
    truth = make_payload.truth_mask(SLICES, SIZE)
    assert check_result.dice(mask.voxels, truth) >= check_result.LEAST_DICE


def test_a_volume_without_spleen_is_told_in_the_models_words(server: str) -> None:
    find_spleen = model_on_server.connect({"NVIDIA_CLARA_TRTISURI": f"{server}:8000"})
    with pytest.raises(ModelError, match="nothing but air"):
        find_spleen(np.full((20, 20, 20), -1000, np.int16))


def test_its_metrics_count_what_was_asked(server: str, volume: Volume) -> None:
    def count() -> float:
        metrics = answer(f"http://{server}:8002/metrics") or ""
        name = 'nv_inference_request_success{model="segmentation_ct_spleen_v1",version="1"} '
        (line,) = [line for line in metrics.splitlines() if line.startswith(name)]
        return float(line.removeprefix(name))

    before = count()
    model_on_server.connect({"NVIDIA_TRITON_HTTPURI": f"{server}:8000"})(volume.voxels)
    assert count() == before + 1
