"""Operators whose fields stand in another file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_examples import HEAD, operator, read

from cpost.errors import DefinitionError
from cpost.pipeline.model import Input

TEMPLATE = """\
api-version: 0.2.0
name: template
parameters:
  input-from:
  level: 1
container:
  image: example/x
  command: [run, "${{level}}"]
input:
- from: ${{input-from}}
  path: /in
output:
- path: /out
"""
PRODUCER = operator("producer", "  output:\n  - path: /out\n")


def import_of(path: str, *more: str) -> str:
    lines = ["- import:", f"    path: {path}", *more]
    return "\n".join(lines) + "\n"


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_an_operator_comes_from_its_file_with_arguments_and_defaults(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEMPLATE)
    text = HEAD + PRODUCER + import_of("x.yaml", "    args: {input-from: producer}")
    result = read(tmp_path, text)
    imported = result.pipeline.operators[1]
    assert imported.name == "template"
    assert imported.container.command == ("run", "1")
    assert imported.inputs == (Input("/in", "producer", None),)
    assert result.warnings == ()


def test_fields_beside_the_import_win(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEMPLATE)
    text = HEAD + import_of(
        "x.yaml", "    args: {level: 2}", "  name: mine", "  input: [{path: /data}]", "  output:"
    ).replace("args: {", "args: {input-from: nobody, ")
    imported = read(tmp_path, text).pipeline.operators[0]
    assert imported.name == "mine"
    assert imported.inputs == (Input("/data"),)
    assert imported.container.command == ("run", "2")
    assert imported.outputs[0].path == "/out"  # an empty field says nothing


def test_arguments_may_be_templates_and_the_job_is_known_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEMPLATE.replace("level: 1", "level: '${{JOB_ID}}'"))
    text = HEAD.replace("operators", "parameters: {who: producer}\noperators") + PRODUCER
    text += import_of("x.yaml", "    args: {input-from: '${{who}}'}")
    imported = read(tmp_path, text).pipeline.operators[1]
    assert imported.inputs[0].from_operator == "producer"
    assert imported.container.command == ("run", "job-7")


def test_parameters_of_the_pipeline_are_not_known_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: x\ncontainer: {image: '${{who}}'}\n")
    text = HEAD.replace("operators", "parameters: {who: y}\noperators") + import_of("x.yaml")
    assert problems(tmp_path, text) == ["x.yaml:2:20: no parameter is called 'who': known: JOB_ID"]


def test_a_file_may_be_imported_often_and_from_the_folder_of_the_importing_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "lib" / "x.yaml").write_text("name: x\nimport: {path: deep/y.yaml}\n")
    (tmp_path / "lib" / "deep" / "y.yaml").write_text("container: {image: '../../y'}\n")
    (tmp_path / "lib" / "deep" / "y.yaml").write_text("container: {image: y}\n")
    text = HEAD + "".join(import_of("lib/x.yaml", f"  name: x{number}") for number in range(3))
    operators = read(tmp_path, text).pipeline.operators
    assert [(one.name, one.container.image) for one in operators] == [
        ("x0", "y"),
        ("x1", "y"),
        ("x2", "y"),
    ]


def test_problems_of_an_imported_file_are_told_at_their_place_in_it(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: x\ncontainer:\n  image: y\n  tagg: 1\n  tag: a b\n")
    assert problems(tmp_path, HEAD + operator("../a") + import_of("x.yaml")) == [
        "p.yaml:4:9: the operator '../a' is not a name: use 1 to 255 letters, digits, - and _",
        "x.yaml:4:3: container of operator 'x' has an unknown key 'tagg': did you mean 'tag'?",
        "x.yaml:5:8: 'a b' is not a tag: use at most 128 letters, digits, _ . and -",
    ]


def test_an_unknown_argument_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEMPLATE)
    text = HEAD + PRODUCER + import_of("x.yaml", "    args: {input-form: producer}")
    assert problems(tmp_path, text) == [
        "p.yaml:11:12: the imported file has no parameter 'input-form': did you mean 'input-from'?",
        "x.yaml:10:9: the parameter 'input-from' has no value: give it a value under import: "
        "args, or a default in the imported file",
    ]


def test_an_argument_for_a_file_without_parameters_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: x\ncontainer: {image: y}\n")
    assert problems(tmp_path, HEAD + import_of("x.yaml", "    args: {a: 1}")) == [
        "p.yaml:6:12: the imported file has no parameter 'a': its file has no parameters"
    ]


def test_a_loop_of_imports_is_shown(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("import: {path: y.yaml}\n")
    (tmp_path / "y.yaml").write_text("import: {path: ./x.yaml}\n")
    assert problems(tmp_path, HEAD + import_of("x.yaml", "  name: a")) == [
        "y.yaml:1:16: imports go round in a loop, x.yaml → y.yaml → x.yaml: remove one of them"
    ]


def test_a_pipeline_that_imports_itself_is_a_loop(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + import_of("p.yaml", "  name: a")) == [
        "p.yaml:5:11: imports go round in a loop, p.yaml → p.yaml: remove one of them"
    ]


def test_a_long_row_of_imports_is_refused(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"x{number}.yaml").write_text(f"import: {{path: x{number + 1}.yaml}}\n")
    assert problems(tmp_path, HEAD + import_of("x0.yaml", "  name: a")) == [
        "x19.yaml:1:16: more than 20 files import one another in a row: import fewer"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "x.yaml:1:1: an imported file must hold one operator, not nothing"),
        ("- a\n", "x.yaml:1:1: an imported file must hold one operator, not a list"),
        (HEAD, "x.yaml:1:1: an imported file must hold one operator, not a whole pipeline"),
    ],
)
def test_a_file_that_is_no_operator_is_told(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "x.yaml").write_text(content)
    told = problems(tmp_path, HEAD + import_of("x.yaml", "  name: a"))
    assert told == [f"{expected}: write its fields (container:, input:, output:) at the top"]


def test_a_file_that_cannot_be_read_is_told_where_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    relative = "its path is relative to the file that imports it"
    for name, reason in [
        ("folder", "is a directory"),
        ("loop", "cannot be read: Too many levels of symbolic links"),
        ("'a\tb'", "does not exist"),
    ]:
        told = problems(tmp_path, HEAD + import_of(name, "  name: a"))
        shown = name.strip("'").replace("\t", "\\t")
        assert told == [f"p.yaml:5:11: the import '{shown}' {reason}: {relative}"]


def test_a_file_that_is_not_yaml_is_told_once_however_often_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [\n")
    told = problems(tmp_path, HEAD + import_of("x.yaml") + import_of("x.yaml"))
    assert [line.split(": ")[:2] for line in told] == [["x.yaml:2:1", "not YAML"]]


def test_inputs_from_an_operator_that_could_not_be_imported_are_not_judged(tmp_path: Path) -> None:
    reader = operator("b", "  input:\n  - {from: a, name: x, path: /in}\n")
    assert len(problems(tmp_path, HEAD + import_of("none.yaml", "  name: a") + reader)) == 1
    assert len(problems(tmp_path, HEAD + import_of("none.yaml") + reader)) == 1


def test_imports_that_multiply_are_refused_in_good_time(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(f"name: x\nnote: [{'x,' * 20_000}]\ncontainer: {{image: y}}\n")
    text = HEAD + "".join(import_of("x.yaml", f"  name: x{number}") for number in range(200))
    assert any("imports grow without end" in line for line in problems(tmp_path, text))
