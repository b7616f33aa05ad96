from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

import demo_image
import triton_image
from cpost.pipeline.model import Operator, Pipeline
from cpost.pipeline.reader import read_pipeline
from operators.model import MODEL
from operators.model_on_server import ADDRESS_VARIABLES

DEMO = Path(demo_image.__file__).parent.parent / "demo"
WITH_SERVICE = "spleen-pipeline.yaml"
WITH_MODEL = "spleen-pipeline-model-repo.yaml"
WITHOUT_TRITON = "without-triton.yaml"


def read(name: str) -> Pipeline:
    found = read_pipeline(DEMO / name, {}, job_id="demo", strict=True)
    assert found.warnings == ()
    return found.pipeline


@pytest.fixture(scope="session", params=[WITH_SERVICE, WITH_MODEL, WITHOUT_TRITON])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    return read(request.param)


def segmentation_of(pipeline: Pipeline) -> Operator:
    return next(one for one in pipeline.operators if one.name == "spleen-segmentation")


def test_all_operators_are_in_the_one_image_that_is_built(pipeline: Pipeline) -> None:
    images = {operator.container.reference for operator in pipeline.operators}
    assert images == {demo_image.IMAGE}


def test_the_operators_are_the_same_in_all_variants(pipeline: Pipeline) -> None:
    names = [operator.name for operator in pipeline.operators]
    assert names == [operator.name for operator in read(WITH_SERVICE).operators]
    folders = [(operator.inputs, operator.outputs) for operator in pipeline.operators]
    assert folders == [(one.inputs, one.outputs) for one in read(WITH_SERVICE).operators]


def test_every_command_is_there(pipeline: Pipeline) -> None:
    for operator in pipeline.operators:
        assert operator.container.command is not None
        program, *words = operator.container.command
        if program == "python3":
            assert importlib.util.find_spec(words[1]) is not None
        else:
            assert (DEMO / "operators/bin" / program).stat().st_mode & 0o111


def test_the_service_is_the_server_that_is_built_and_tells_its_address_where_it_is_looked_for() -> (
    None
):
    operator = segmentation_of(read(WITH_SERVICE))
    (service,) = operator.services
    assert service.container.reference == triton_image.IMAGE
    assert [one.name for one in service.http] == [ADDRESS_VARIABLES[0]]
    assert operator.models == ()


def test_the_model_that_is_named_is_the_one_that_is_asked_for_and_there() -> None:
    operator = segmentation_of(read(WITH_MODEL))
    assert operator.models == (MODEL,)
    assert operator.services == ()
    assert (DEMO / "models" / MODEL / "config.pbtxt").is_file()


def test_without_triton_no_server_is_needed_nor_asked() -> None:
    pipeline = read(WITHOUT_TRITON)
    assert not any(operator.services or operator.models for operator in pipeline.operators)
    assert "--here" in (segmentation_of(pipeline).container.command or ())


def test_the_last_operator_fails_with_126_as_its_agent_cannot_be_executed(
    pipeline: Pipeline,
) -> None:
    program, agent = pipeline.operators[-1].container.command or ()
    ended = subprocess.run(
        [DEMO / "operators/bin" / program, agent], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 126
    assert ended.stdout == "registering with agent renderserver\n"
