from __future__ import annotations

import pytest

from cpost.triton.config_text import ConfigTextError, model_name


@pytest.mark.parametrize(
    "text",
    [
        'name: "spleen"',
        "name:'spleen'",
        'platform: "onnx"\ninput [ { name: "INPUT0" } ]\n\nname : "spleen" # the model',
        'output { name: "OUT" } name: "spleen"; max_batch_size: 1',
        '# name: "other"\nname: "spleen"',
    ],
)
def test_the_models_name_is_found_wherever_it_stands(text: str) -> None:
    assert model_name(text) == "spleen"


@pytest.mark.parametrize("text", ["", 'input [ { name: "INPUT0" } ]', 'backend: "name: x"'])
def test_a_model_may_have_no_name_of_its_own(text: str) -> None:
    assert model_name(text) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a: 1\ninput [ { name: "x" ]', "line 2: this ] closes nothing"),
        ("input {\n", "line 1: this { is never closed"),
        ("a: 1\nname spleen", 'line 2: write name: "NAME"'),
        ('b: 2\nname: "spleen', "line 2: cannot be read from here on"),
        ("}", "line 1: this } closes nothing"),
    ],
)
def test_what_is_no_protocol_buffer_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigTextError) as error:
        model_name(text)
    assert told in str(error.value)
