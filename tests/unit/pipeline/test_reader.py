"""What a good definition becomes, and the quirks of real files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pipeline_examples import GOOD, HEAD, operator, pipeline, read

from cpost.errors import DefinitionError
from cpost.pipeline.model import (
    ContainerImage,
    HttpConnection,
    Input,
    Operator,
    Output,
    Requests,
    Service,
    VolumeConnection,
)
from cpost.pipeline.reader import read_pipeline


def first_operator(folder: Path, rest: str) -> Operator:
    return pipeline(folder, HEAD + operator("a", rest)).operators[0]


def container(folder: Path, fields: str) -> ContainerImage:
    text = f"{HEAD}- name: a\n  container: {{{fields}}}\n"
    return pipeline(folder, text).operators[0].container


def test_reads_every_field_of_a_pipeline(tmp_path: Path) -> None:
    result = pipeline(tmp_path, GOOD)
    assert (result.name, result.api_version, result.description) == (
        "scan",
        "0.4.0",
        "Finds things.",
    )
    assert (result.orchestrator, result.pull_secrets) == ("Clara", ("registry-key",))
    assert result.parameters == {"threshold": "0.5"}
    assert (result.source, result.text) == (tmp_path / "p.yaml", GOOD)


def test_reads_every_field_of_an_operator(tmp_path: Path) -> None:
    reader, writer = pipeline(tmp_path, GOOD).operators
    assert reader == Operator(
        name="reader",
        description="Reads.",
        container=ContainerImage(
            "example/reader", "1.10", ("python", "read.py", "--job", "job-7"), None
        ),
        inputs=(Input("/input"),),
        outputs=(Output("/output", "volume"), Output("/report", "report")),
        requests=Requests(cpu_cores=2, memory_mib=2048, gpus=1),
        variables={"TRACE": "2"},
    )
    assert writer.container.reference == "example/writer:2"
    assert writer.container.command == ("write", "--level", "0.5")
    assert writer.inputs == (Input("/input", "reader", "volume"),)
    assert writer.models == ("spleen_v1",)
    assert writer.services == (
        Service(
            name="triton",
            container=ContainerImage("example/triton", "latest", ("serve",), None),
            http=(HttpConnection("TRITON_URI", 8000),),
            volumes=(VolumeConnection("data", "/data"),),
        ),
    )


def test_nothing_said_is_none_or_nothing(tmp_path: Path) -> None:
    assert first_operator(tmp_path, "") == Operator("a", ContainerImage("busybox"))


def test_an_empty_field_says_nothing(tmp_path: Path) -> None:
    fields = ("description", "input", "output", "requests", "services", "models", "variables")
    empty = "".join(f"  {field}:\n" for field in fields)
    assert first_operator(tmp_path, empty) == Operator("a", ContainerImage("busybox"))


@pytest.mark.parametrize(
    ("written", "tag"),
    [("1.10", "1.10"), ("on", "on"), ("020", "020"), ("1e3", "1e3"), ("'~x'", None), ("no", "no")],
)
def test_a_scalar_meant_as_text_keeps_its_text(
    tmp_path: Path, written: str, tag: str | None
) -> None:
    if tag is None:
        with pytest.raises(DefinitionError, match="is not a tag"):
            container(tmp_path, f"image: x, tag: {written}")
    else:
        assert container(tmp_path, f"image: x, tag: {written}").tag == tag


def test_numbers_and_words_in_a_command_keep_their_text(tmp_path: Path) -> None:
    command = container(tmp_path, "image: x, command: [run, 1.50, 0x10, yes, null, '']").command
    assert command == ("run", "1.50", "0x10", "yes", "null", "")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("python main.py  --x 1", ("python", "main.py", "--x", "1")),
        ("""'sh -c "a  b"'""", ("sh", "-c", "a  b")),
        ("[sh, -c, a  b]", ("sh", "-c", "a  b")),
        ("[]", None),
        ("''", None),
        ("~", None),
    ],
)
def test_a_command_may_be_a_list_or_a_line(
    tmp_path: Path, written: str, words: tuple[str, ...] | None
) -> None:
    assert container(tmp_path, f"image: x, command: {written}").command == words
    assert container(tmp_path, f"image: x, entrypoint: {written}").entrypoint == words


def test_json_within_a_quoted_command_stays_as_it_is(tmp_path: Path) -> None:
    command = container(tmp_path, r'image: x, command: ["a", "--data", "[\"P\"]"]').command
    assert command == ("a", "--data", '["P"]')


def test_a_run_time_reference_is_no_template(tmp_path: Path) -> None:
    command = container(tmp_path, 'image: x, command: ["--models=$(DATA_PATH)/models"]').command
    assert command == ("--models=$(DATA_PATH)/models",)


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("clara/reader", "clara/reader:latest"),
        ("reader:2", "reader:2"),
        ("host.example:5000/team/reader", "host.example:5000/team/reader:latest"),
        ("localhost/a__b-c.d", "localhost/a__b-c.d:latest"),
        ("'[::1]:5000/a'", "[::1]:5000/a:latest"),
        (f"a@sha256:{'0' * 64}", f"a@sha256:{'0' * 64}"),
        ("'  spaced  '", "spaced:latest"),
    ],
)
def test_an_image_becomes_a_reference(tmp_path: Path, image: str, reference: str) -> None:
    assert container(tmp_path, f"image: {image}").reference == reference


def test_a_tag_beside_an_image_with_a_tag_is_doubtful(tmp_path: Path) -> None:
    text = HEAD + "- name: a\n  container: {image: 'x:1', tag: 2}\n"
    assert read(tmp_path, text).warnings == (
        f"{tmp_path}/p.yaml:5:34: the tag '2' is not used: x:1 names its own already",
    )


def test_the_variables_of_the_container_are_those_of_the_operator(tmp_path: Path) -> None:
    text = (
        HEAD + "- name: a\n  container:\n    image: x\n    variables: {A: 1, B: 2}\n"
        "  variables: {B: 3, C: true, D: }\n"
    )
    result = read(tmp_path, text)
    assert result.pipeline.operators[0].variables == {"A": "1", "B": "3", "C": "true", "D": ""}
    assert result.warnings == (
        f"{tmp_path}/p.yaml:6:5: operator 'a' sets the variable 'B' twice: the value outside of "
        "container is used",
    )


def test_paths_lose_slashes_and_spaces_around_them(tmp_path: Path) -> None:
    result = first_operator(
        tmp_path, "  input:\n  - path: ' /in/ '\n  output:\n  - path: //out/./x//\n"
    )
    assert result.inputs[0].path == "/in"
    assert result.outputs[0].path == "/out/x"


def test_the_payload_may_be_mounted_twice(tmp_path: Path) -> None:
    result = first_operator(tmp_path, "  input:\n  - path: /in\n  - path: /dicom\n")
    assert result.inputs == (Input("/in"), Input("/dicom"))


def test_a_typed_input_needs_no_path(tmp_path: Path) -> None:
    text = HEAD + operator("a", "  output:\n  - path: /o\n")
    text += operator("b", "  input:\n  - {from: a, type: array, element-type: u8, shape: [1]}\n")
    assert pipeline(tmp_path, text).operators[1].inputs == (Input(None, "a", None),)


def test_an_input_without_path_and_type_is_doubtful(tmp_path: Path) -> None:
    result = read(tmp_path, HEAD + operator("a", "  input:\n  - name: x\n"))
    assert result.warnings == (
        f"{tmp_path}/p.yaml:8:5: an input of operator 'a' has no path: it is not mounted",
    )


def test_names_are_found_without_case_and_come_out_as_the_operator_writes_them(
    tmp_path: Path,
) -> None:
    text = HEAD + operator(
        "Reader", "  output:\n  - {path: /a, name: Vol}\n  - {path: /b, name: B}\n"
    )
    text += operator("b", "  input:\n  - {from: READER, name: vOL, path: /in}\n")
    assert pipeline(tmp_path, text).operators[1].inputs == (Input("/in", "Reader", "Vol"),)


def test_the_only_output_needs_no_name_to_be_found(tmp_path: Path) -> None:
    text = HEAD + operator("a", "  output:\n  - {path: /o, name: vol}\n")
    text += operator("b", "  input:\n  - {from: a, path: /in}\n")
    assert pipeline(tmp_path, text).operators[1].inputs == (Input("/in", "a", "vol"),)


def test_an_operator_may_read_from_one_that_stands_below_it(tmp_path: Path) -> None:
    text = HEAD + operator("b", "  input:\n  - {from: a, path: /in}\n")
    text += operator("a", "  output:\n  - path: /o\n")
    assert [one.name for one in pipeline(tmp_path, text).operators] == ["b", "a"]


def test_requests_may_be_digits_in_quotes(tmp_path: Path) -> None:
    result = first_operator(tmp_path, "  requests: {cpu: '4', memory: \"0512\", gpu: 0}\n")
    assert result.requests == Requests(4, 512, 0)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("  services:\n  - {name: s, container: {image: x}}\n", "service 's' has no port"),
        (
            "  services:\n"
            "  - {name: s, container: {image: x}, connections: {http: [{name: A, port: 1}]}}\n"
            "  - {name: s, container: {image: y}, connections: {http: [{name: B, port: 1}]}}\n",
            "operator 'a' has two services called 's'",
        ),
        (
            "  services:\n"
            "  - {name: s, container: {image: x}, connections: {http: [{name: A, port: 1}]}}\n"
            "  - {name: t, container: {image: y}, connections: {http: [{name: A, port: 1}]}}\n",
            "two services of operator 'a' set the variable 'A'",
        ),
        ("  models:\n  - name: m\n  - name: m\n", "names the model 'm' twice"),
    ],
)
def test_servers_that_cannot_be_are_told(tmp_path: Path, fields: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        read(tmp_path, HEAD + operator("a", fields))


def test_the_host_path_of_a_service_is_told_to_be_unused(tmp_path: Path) -> None:
    service = "  services:\n  - name: t\n    container: {image: x, hostVolumePath: /models}\n"
    service += "    connections: {http: [{name: URI, port: 80}]}\n"
    assert read(tmp_path, HEAD + operator("a", service)).warnings == (
        f"{tmp_path}/p.yaml:9:27: hostVolumePath of container of service 't' is not used: see "
        "--models_dir",
    )


def test_unknown_keys_are_doubtful_and_told_with_what_is_known(tmp_path: Path) -> None:
    text = HEAD + operator("a", "  imput: []\n") + "license: x\n"
    assert read(tmp_path, text).warnings == (
        f"{tmp_path}/p.yaml:7:3: operator 'a' has an unknown key 'imput': did you mean 'input'?",
        f"{tmp_path}/p.yaml:8:1: the pipeline has an unknown key 'license': known: parameters, "
        "api-version, name, description, pull-secrets, orchestrator, operators",
    )


def test_unknown_keys_are_errors_if_strict(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="unknown key 'license'") as caught:
        read(tmp_path, HEAD + operator("a") + "license: x\n", strict=True)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("1 problem,")


@pytest.mark.parametrize("version", ["0.2.0", '"0.3.0"', "0.4.0", "0.5", "0.6.0"])
def test_known_versions_raise_no_doubts(tmp_path: Path, version: str) -> None:
    text = HEAD.replace("0.4.0", version) + operator("a")
    assert pipeline(tmp_path, text).api_version == version.strip('"')


@pytest.mark.parametrize("version", ["0.7.0", "1.0", "new"])
def test_an_unknown_version_is_doubtful_but_read(tmp_path: Path, version: str) -> None:
    result = read(tmp_path, HEAD.replace("0.4.0", version) + operator("a"), strict=True)
    assert result.pipeline.api_version == version
    assert result.warnings == (
        f"{tmp_path}/p.yaml:1:14: api-version '{version}' is not known to cpost: known: 0.2.0, "
        "0.3.0, 0.4.0, 0.5.0, 0.6.0; read as if it were 0.6.0",
    )


def test_no_version_is_doubtful(tmp_path: Path) -> None:
    result = read(tmp_path, "name: p\noperators:\n" + operator("a"))
    assert result.pipeline.api_version == "0.4.0"
    assert result.warnings == (
        f"{tmp_path}/p.yaml:1:1: the pipeline has no 'api-version': 0.4.0 is assumed",
    )


def test_an_unknown_orchestrator_is_doubtful(tmp_path: Path) -> None:
    result = read(tmp_path, "orchestrator: Cron\n" + HEAD + operator("a"))
    assert result.warnings == (
        f"{tmp_path}/p.yaml:1:15: orchestrator 'Cron' is not known: write Clara or Argo; cpost "
        "itself needs neither",
    )


def test_anchors_aliases_and_merges_are_followed(tmp_path: Path) -> None:
    text = HEAD + (
        "- &base\n  name: a\n  container: {image: x}\n  requests: &small {cpu: 1, memory: 5}\n"
        "- <<: *base\n  name: b\n  requests:\n    <<: [*small, {gpu: 2}]\n    cpu: 7\n"
    )
    second = pipeline(tmp_path, text).operators[1]
    assert (second.name, second.container.image) == ("b", "x")
    assert second.requests == Requests(7, 5, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "#!/bin/bash\n" + text,
        lambda text: "---\n" + text + "...\n",
        lambda text: text + "---\n# nothing more\n",
        lambda text: "%YAML 1.1\n---\n" + text,
        lambda text: text.replace("\n", "   \n"),
        lambda text: text.replace("\n", "\n\n# a comment\n\n"),
    ],
)
def test_comments_marks_and_spaces_do_not_matter(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    assert pipeline(tmp_path, change(GOOD)).operators == pipeline(tmp_path, GOOD).operators


@pytest.mark.parametrize(
    "encoded",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
    ],
    ids=["byte order mark", "CRLF", "CR"],
)
def test_byte_order_marks_and_line_ends_do_not_matter(tmp_path: Path, encoded: bytes) -> None:
    path = tmp_path / "other.yaml"
    path.write_bytes(encoded)
    result = read_pipeline(path, {}, job_id="job-7").pipeline
    assert result.operators == pipeline(tmp_path, GOOD).operators


def test_a_definition_may_come_from_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(GOOD,))
    writer.start()
    assert read_pipeline(pipe, {}, job_id="j").pipeline.name == "scan"
    writer.join()


def test_an_alias_is_the_last_node_of_that_anchor(tmp_path: Path) -> None:
    text = (
        HEAD + "- name: a\n  container: &x {image: &x b, tag: *x}\n  variables: {A: &y 1, B: *y}\n"
    )
    result = pipeline(tmp_path, text).operators[0]
    assert result.container.reference == "b:b"
    assert result.variables == {"A": "1", "B": "1"}
