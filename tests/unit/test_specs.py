"""What an engine is told of an operator."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from cpost.engine.port import ContainerSpec
from cpost.pipeline.model import ContainerImage, Input, Operator, Requests
from cpost.profiling.specs import container_spec

OPERATOR = Operator(
    "reader",
    ContainerImage("example/reader", "1", ("read", "-v"), ("python",)),
    inputs=(Input("/in"),),
    variables={"TRACE": "2"},
)


def spec_of(operator: Operator, session_id: str = "20261121-0100-ab") -> ContainerSpec:
    return container_spec(
        operator,
        session_id=session_id,
        index=7,
        payload=Path("/data"),
        outputs_dir=Path("/outputs"),
        writable_input=False,
        network="cpost_net",
    )


def test_image_command_and_entrypoint_are_those_of_the_definition() -> None:
    spec = spec_of(OPERATOR)
    assert spec.image == "example/reader:1"
    assert (spec.command, spec.entrypoint) == (("read", "-v"), ("python",))
    assert spec.network == "cpost_net"
    assert [str(mount.source) for mount in spec.mounts] == ["/data"]


def test_the_name_tells_session_number_and_operator() -> None:
    assert spec_of(OPERATOR).name == "cpost-20261121-0100-ab-007-reader"


def test_the_name_has_only_characters_that_engines_take() -> None:
    spec = spec_of(replace(OPERATOR, name="läser 1/2"), session_id="a:b")
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", spec.name)
    assert spec.labels == {"cpost.session": "a:b", "cpost.operator": "läser 1/2"}


def test_labels_tell_session_and_operator() -> None:
    assert spec_of(OPERATOR).labels == {
        "cpost.session": "20261121-0100-ab",
        "cpost.operator": "reader",
    }


def test_the_operator_is_told_that_no_platform_is_there() -> None:
    assert spec_of(OPERATOR).environment == {"TRACE": "2", "NVIDIA_CLARA_NOSYNCLOCK": "TRUE"}


def test_the_definition_cannot_make_it_wait_for_a_platform() -> None:
    operator = replace(OPERATOR, variables={"NVIDIA_CLARA_NOSYNCLOCK": "FALSE"})
    assert spec_of(operator).environment == {"NVIDIA_CLARA_NOSYNCLOCK": "TRUE"}


def test_gpus_are_those_requested() -> None:
    assert spec_of(OPERATOR).gpus == 0
    assert spec_of(replace(OPERATOR, requests=Requests(gpus=2))).gpus == 2
