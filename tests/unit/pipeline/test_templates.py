"""Parameters: their values, where they are put, and who may give them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_examples import HEAD, operator, read

from cpost.errors import DefinitionError

TEXT = """\
api-version: 0.4.0
name: ${{ title }}
parameters:
  title: p
  version: 1.10
  empty: ""
  needed:
operators:
"""


def variables(folder: Path, rest: str, **given: str) -> dict[str, str]:
    result = read(folder, TEXT + operator("a", rest), given).pipeline
    return dict(result.operators[0].variables)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${{version}}", "1.10"),
        ("${{   version   }}", "1.10"),
        ("x${{version}}-${{ title }}y", "x1.10-py"),
        ("${{empty}}", ""),
        ("${{JOB_ID}}", "job-7"),
        ("$(version)", "$(version)"),
        ("${version}", "${version}"),
        ("$ {{version}}", "$ {{version}}"),
    ],
)
def test_a_template_becomes_the_value_of_its_parameter(
    tmp_path: Path, written: str, expected: str
) -> None:
    assert variables(tmp_path, f"  variables:\n    A: {written}\n") == {"A": expected}


def test_values_from_the_command_line_win(tmp_path: Path) -> None:
    text = "  variables: {A: '${{version}}', B: '${{needed}}'}\n"
    assert variables(tmp_path, text, version="3", needed="n") == {"A": "3", "B": "n"}


def test_a_parameter_that_nobody_needs_needs_no_value(tmp_path: Path) -> None:
    assert read(tmp_path, TEXT + operator("a")).pipeline.parameters == {
        "title": "p",
        "version": "1.10",
        "empty": "",
    }


def test_a_value_is_not_expanded_again(tmp_path: Path) -> None:
    text = "  variables: {A: '${{version}}'}\n"
    assert variables(tmp_path, text, version="${{title}}") == {"A": "${{title}}"}


def test_a_default_may_name_the_job(tmp_path: Path) -> None:
    text = TEXT.replace("1.10", "'run-${{JOB_ID}}'")
    text += operator("a", "  variables: {A: '${{version}}'}\n")
    assert read(tmp_path, text).pipeline.operators[0].variables == {"A": "run-job-7"}


def test_templates_stand_in_every_kind_of_field(tmp_path: Path) -> None:
    text = TEXT.replace("needed:", "needed: a\n  number: 8000") + (
        "- name: ${{needed}}\n"
        "  container: {image: 'x/${{title}}', tag: '${{version}}', command: ['${{needed}}', b]}\n"
        "  output: [{path: '/${{title}}', name: '${{title}}'}]\n"
        "  requests: {memory: '${{number}}'}\n"
        "  services: [{name: s, container: {image: y}, connections: "
        "{http: [{name: U, port: '${{number}}'}]}}]\n"
        "- name: b\n  container: {image: x}\n  input: [{from: '${{needed}}', path: /i}]\n"
    )
    pipeline = read(tmp_path, text).pipeline
    first, second = pipeline.operators
    assert pipeline.name == "p"
    assert (first.name, first.container.reference) == ("a", "x/p:1.10")
    assert first.container.command == ("a", "b")
    assert (first.outputs[0].path, first.outputs[0].name) == ("/p", "p")
    assert first.requests.memory_mib == 8000
    assert first.services[0].http[0].port == 8000
    assert second.inputs[0].from_operator == "a"


def test_a_value_that_reads_null_is_text(tmp_path: Path) -> None:
    text = "  variables: {A: '${{version}}'}\n"
    assert variables(tmp_path, text, version="null") == {"A": "null"}


def test_an_operator_may_have_parameters_of_its_own(tmp_path: Path) -> None:
    text = TEXT + operator("a", "  parameters: {version: 9}\n  variables: {A: '${{version}}'}\n")
    text += operator("b", "  variables: {A: '${{version}}'}\n")
    first, second = read(tmp_path, text).pipeline.operators
    assert (first.variables, second.variables) == ({"A": "9"}, {"A": "1.10"})


def test_a_value_for_no_parameter_is_told_where_parameters_are_declared(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(tmp_path, TEXT + operator("a"), {"verison": "1"})
    assert str(caught.value) == (
        f"{tmp_path}/p.yaml:3:1: --param gives 'verison', which is no parameter: did you mean "
        "'version'?"
    )


def test_a_value_where_there_are_no_parameters_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(tmp_path, HEAD + operator("a"), {"x": "1"})
    assert str(caught.value) == (
        f"{tmp_path}/p.yaml:1:1: --param gives 'x', which is no parameter: the file has no "
        "parameters"
    )


def test_a_parameter_whose_default_is_a_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"p.yaml:5:12: parameter 'version' of the pipeline"):
        read(tmp_path, TEXT.replace("1.10", "[1]") + operator("a"))
