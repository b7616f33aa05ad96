from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

import demo_image
from cpost.pipeline.model import Pipeline
from cpost.pipeline.reader import read_pipeline

DEMO = Path(demo_image.__file__).parent.parent / "demo"


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    read = read_pipeline(DEMO / "spleen-pipeline.yaml", {}, job_id="demo", strict=True)
    assert read.warnings == ()
    return read.pipeline


def test_all_operators_are_in_the_one_image_that_is_built(pipeline: Pipeline) -> None:
    images = {operator.container.reference for operator in pipeline.operators}
    assert images == {demo_image.IMAGE}


def test_every_command_is_there(pipeline: Pipeline) -> None:
    for operator in pipeline.operators:
        assert operator.container.command is not None
        program, *words = operator.container.command
        if program == "python3":
            assert importlib.util.find_spec(words[1]) is not None
        else:
            assert (DEMO / "operators/bin" / program).stat().st_mode & 0o111


def test_the_last_operator_fails_with_126_as_its_agent_cannot_be_executed(
    pipeline: Pipeline,
) -> None:
    program, agent = pipeline.operators[-1].container.command or ()
    ended = subprocess.run(
        [DEMO / "operators/bin" / program, agent], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 126
    assert ended.stdout == "registering with agent renderserver\n"
