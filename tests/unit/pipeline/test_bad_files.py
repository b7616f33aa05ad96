"""Every way in which a definition can be wrong, and the very words that its author reads."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from pipeline_examples import HEAD, operator

from cpost.errors import DefinitionError
from cpost.pipeline.reader import read_pipeline

PIPELINE = "a pipeline begins with api-version: and name:, and has its operators below operators:"
SYNTAX = "look for a missing colon, quote or bracket, and at the indentation"
NAME_RULE = "use 1 to 255 letters, digits, - and _"
WORDS = '["word", "word"]'

CASES = {
    "brackets that do not close": (
        "name: [a\nb: c\n",
        [
            "2:2: not YAML: did not find expected ',' or ']' while parsing a flow sequence: "
            + SYNTAX
        ],
    ),
    "a colon too many": (
        "name: p: q\n",
        ["1:8: not YAML: mapping values are not allowed in this context: " + SYNTAX],
    ),
    "a template without quotes between braces": (
        HEAD + "- name: a\n  container: {image: ${{ image }}}\n",
        [
            "5:23: not YAML: did not find expected ',' or '}' while parsing a flow mapping: put a "
            "template between quotes, '${{ name }}'"
        ],
    ),
    "a tab as indentation": (
        "name: p\noperators:\n\t- name: a\n",
        ["3:1: not YAML: a tab stands here: use spaces for indentation"],
    ),
    "nothing": ("", ["1:1: the file holds nothing: " + PIPELINE]),
    "nothing but comments": ("# later\n", ["1:1: the file holds nothing: " + PIPELINE]),
    "a list at the top": (
        operator("a"),
        ["1:1: a list stands at the top: " + PIPELINE],
    ),
    "a word at the top": ("hello\n", ["1:1: a single value stands at the top: " + PIPELINE]),
    "one operator without a pipeline": (
        "name: a\ncontainer:\n  image: busybox\n",
        ["1:1: this is one operator, not a pipeline: " + PIPELINE],
    ),
    "no name": (
        "api-version: 0.4.0\noperators:\n" + operator("a"),
        ["1:1: the pipeline has no 'name': add name: NAME at the top"],
    ),
    "no operators": (
        "name: p\n",
        [
            "1:1: the pipeline has no 'operators': add operators: with at least one '- name: …' "
            "below it"
        ],
    ),
    "an empty list of operators": (
        "name: p\noperators: []\n",
        [
            "1:1: the pipeline has no 'operators': add operators: with at least one '- name: …' "
            "below it"
        ],
    ),
    "operators as a mapping": (
        "name: p\noperators:\n  name: a\n",
        [
            "3:3: operators of the pipeline must be a list, not a mapping: put '- ' before its "
            "first key"
        ],
    ),
    "an operator that is a word": (
        HEAD + "- reader\n",
        [
            "4:3: an operator must be a mapping, not a single value: write - name: NAME, and its "
            "fields below"
        ],
    ),
    "duplicate keys": (
        HEAD + operator("a", "  container:\n    image: other\n"),
        ["7:3: the key 'container' stands here a second time: keep one, the first is in line 5"],
    ),
    "a list as a key": (
        "? [a, b]\n: 1\n" + HEAD + operator("a"),
        ["1:3: a key must be a word: write key: value"],
    ),
    "aliases that explode": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n"
            for before, after in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        ["5:4: grows to more than 250000 values, aliases included: is this a pipeline definition?"],
    ),
    "aliases that make long texts longer": (
        f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 1000)}]\n",
        ["1:4: grows to more than 250000 values, aliases included: is this a pipeline definition?"],
    ),
    "an alias within itself": ("a: &a [*a]\n", ["1:8: *a contains itself: write it out"]),
    "an alias of nothing": (
        "a: &base 1\nb: *bsae\n",
        ["2:4: no anchor is called &bsae: did you mean 'base'?"],
    ),
    "10,000 levels": (
        "a: " + "[" * 10_000,
        ["1:53: nested deeper than 50 levels: a definition needs fewer than 10"],
    ),
    "10,000 levels by aliases": (
        "- &a0 [x]\n" + "".join(f"- &a{n + 1} [*a{n}]\n" for n in range(10_000)),
        ["50:9: nested deeper than 50 levels: a definition needs fewer than 10"],
    ),
    "two documents": (
        HEAD + operator("a") + "---\n" + HEAD + operator("b"),
        ["8:1: a second document begins here: keep one pipeline in a file"],
    ),
    "a merge of something else": (
        HEAD + operator("a", "  <<: 5\n"),
        ["7:7: << needs a mapping: write <<: *its-anchor"],
    ),
    "a tag that would execute something": (
        "api-version: 0.4.0\nname: !!python/name:os.system p\noperators:\n" + operator("a"),
        ["2:7: the tag 'tag:yaml.org,2002:python/name:os.system' means nothing here: remove it"],
    ),
    "wrong types": (
        HEAD
        + operator(
            "a",
            "  description: [x]\n  input: /x\n  output:\n    path: /y\n  variables: [A, B]\n"
            "  requests: 4\n  models: [m]\n",
        ),
        [
            "7:16: description of operator 'a' must be a single value, not a list: quote it if it "
            "is meant as text",
            "8:10: input of operator 'a' must be a list, not a single value: put '- ' before it",
            "10:5: output of operator 'a' must be a list, not a mapping: put '- ' before its first "
            "key",
            "11:14: variables of operator 'a' must be a mapping, not a list: write key: value "
            "below it",
            "12:13: requests of operator 'a' must be a mapping, not a single value: write "
            "key: value below it",
            "13:12: an item of models of operator 'a' must be a mapping, not a single value: write "
            "key: value",
        ],
    ),
    "no container, no image": (
        HEAD + "- name: a\n  container:\n    tag: x\n- name: b\n- name: c\n  container: busybox\n",
        [
            "6:5: container of operator 'a' has no 'image': add image: NAME",
            "7:3: operator 'b' has no 'container': add container: with an image: below it",
            "9:14: container of operator 'c' must be a mapping, not a single value: write "
            "key: value below it",
        ],
    ),
    "images that cannot be": (
        HEAD + "- name: a\n  container:\n    image: --privileged\n    tag: a b\n",
        [
            "6:12: '--privileged' is not an image: write [host/]name, in lower case, without "
            "spaces",
            "7:10: 'a b' is not a tag: use at most 128 letters, digits, _ . and -",
        ],
    ),
    "commands that cannot be": (
        HEAD
        + '- name: a\n  container:\n    image: b\n    command: echo "x\n    entrypoint: {a: b}\n'
        + '- name: c\n  container:\n    image: d\n    command: ["a\\0b"]\n',
        [
            "7:14: command of container of operator 'a' cannot be split into words: No closing "
            "quotation: write command: " + WORDS,
            "8:17: entrypoint of container of operator 'a' must be a list of words, not a mapping: "
            "write entrypoint: " + WORDS,
            "12:15: an item of command of container of operator 'c' holds the character U+0000: "
            "remove it",
        ],
    ),
    "a variable that cannot be": (
        HEAD + operator("a", '  variables:\n    "A=B": 1\n    C: [1]\n'),
        [
            "8:5: 'A=B' cannot be the name of a variable: use letters, digits and _",
            "9:8: C of operator 'a' must be a single value, not a list: quote it if it is meant as "
            "text",
        ],
    ),
    "an operator without a name": (
        HEAD + "- container:\n    image: busybox\n",
        ["4:3: an operator has no 'name': add name: NAME"],
    ),
    "operators of the same name, by case too": (
        HEAD + operator("a") + operator("A"),
        [
            "7:9: a second operator is called 'A': rename one, the first is in line 4; case does "
            "not count"
        ],
    ),
    "names that leave the folder": (
        HEAD
        + operator("../x")
        + operator(
            "a", "  output:\n  - path: /x\n    name: ../../etc\n  models:\n  - name: ../m\n"
        ),
        [
            f"4:9: the operator '../x' is not a name: {NAME_RULE}",
            f"12:11: the output '../../etc' is not a name: {NAME_RULE}",
            "14:11: the model '../m' is not a name: give the name of its folder, without a path",
        ],
    ),
    "a name of 256 letters": (
        HEAD + operator("a" * 256),
        [f"4:9: the operator '{'a' * 60}'… is not a name: {NAME_RULE}"],
    ),
    "an operator that does not exist": (
        HEAD
        + operator("reader", "  output:\n  - path: /out\n")
        + operator("b", "  input:\n  - from: raeder\n    path: /in\n"),
        ["13:11: no operator is called 'raeder': did you mean 'reader'?"],
    ),
    "an output that does not exist": (
        HEAD
        + operator(
            "a", "  output:\n  - {path: /x, name: segmentation}\n  - {path: /y, name: log}\n"
        )
        + operator("b", "  input:\n  - from: a\n    name: segmentatoin\n    path: /in\n")
        + operator("c", "  output:\n  - path: /x\n")
        + operator("d", "  input:\n  - from: c\n    name: log\n    path: /in\n"),
        [
            "15:11: operator 'a' has no output called 'segmentatoin': did you mean 'segmentation'?",
            "27:11: operator 'c' has no output called 'log': its only output has none, leave name: "
            "out",
        ],
    ),
    "which of several outputs": (
        HEAD
        + operator("a", "  output:\n  - {path: /x, name: one}\n  - {path: /y, name: two}\n")
        + operator("b", "  input:\n  - from: a\n    path: /in\n"),
        ["14:11: operator 'a' has several outputs: add name: with one of one, two"],
    ),
    "an operator without outputs to read from": (
        HEAD + operator("a") + operator("b", "  input:\n  - from: a\n    path: /in\n"),
        ["11:11: operator 'a' has no output: add output: to it"],
    ),
    "several outputs without names of their own": (
        HEAD
        + operator(
            "a", "  output:\n  - path: /x\n  - {path: /y, name: q}\n  - {path: /z, name: Q}\n"
        ),
        [
            "8:5: an output of operator 'a' has no name: add name: NAME, because it has several",
            "10:22: operator 'a' has two outputs called 'Q': rename one, the first is in line 9",
        ],
    ),
    "a circle, and another one": (
        HEAD
        + operator("a", "  input:\n  - {from: b, path: /i}\n  output:\n  - path: /o\n")
        + operator("b", "  input:\n  - {from: A, path: /i}\n  output:\n  - path: /o\n")
        + operator("c", "  input:\n  - {from: c, path: /i}\n  output:\n  - path: /o\n"),
        [
            "8:12: operators wait for one another in a circle, a → b → a: remove one of these "
            "inputs",
            "22:12: operators wait for one another in a circle, c → c: remove one of these inputs",
        ],
    ),
    "paths that cannot be mounted at": (
        HEAD
        + operator(
            "a",
            "  input:\n  - path: data\n  - path: /a/../b\n  - path: //\n"
            '  - path: "/a\\nb"\n  output:\n  - path: ./out\n',
        ),
        [
            "8:11: the path 'data' of an input of operator 'a' is not absolute: write '/data'",
            "9:11: the path '/a/../b' of an input of operator 'a' holds '..': write where it leads "
            "to",
            "10:11: the path '//' of an input of operator 'a' is the container's root: mount a "
            "folder below it",
            "11:11: the path '/a\\nb' of an input of operator 'a' holds a control character: "
            "remove it",
            "13:11: the path './out' of an output of operator 'a' is not absolute: write '/out'",
        ],
    ),
    "an output without a path": (
        HEAD + operator("a", "  output:\n  - name: x\n"),
        ["8:5: an output of operator 'a' has no 'path': add path: /FOLDER"],
    ),
    "two folders at the same path": (
        HEAD
        + operator(
            "a", "  input:\n  - path: /data\n  - path: /data/\n  output:\n  - path: //data\n"
        ),
        [
            "9:11: operator 'a' has two folders at '/data': give this one a path of its own, the "
            "other is in line 8",
            "11:11: operator 'a' has two folders at '/data': give this one a path of its own, the "
            "other is in line 8",
        ],
    ),
    "connections that cannot be": (
        HEAD
        + operator(
            "a",
            "  services:\n  - name: t\n    container: {image: x}\n    connections:\n      http:\n"
            "      - {name: URI, port: 70000}\n      - {name: 1-X, port: http}\n      - port: 0\n"
            "      file:\n      - {name: data, path: data}\n",
        ),
        [
            "12:27: the port '70000' of an http connection of service 't' cannot be: use a number "
            "from 1 to 65535",
            "13:16: the connection '1-X' cannot be an environment variable: use letters, digits "
            "and _",
            "13:27: the port 'http' of an http connection of service 't' cannot be: use a number "
            "from 1 to 65535",
            "14:9: an http connection of service 't' has no 'name': add name: the variable that "
            "will hold its address",
            "14:15: the port '0' of an http connection of service 't' cannot be: use a number from "
            "1 to 65535",
            "16:28: the path 'data' of a volume of service 't' is not absolute: write '/data'",
        ],
    ),
    "a service without image and name": (
        HEAD + operator("a", "  services:\n  - connections: {}\n"),
        [
            "8:5: a service of operator 'a' has no 'container': add container: with an image: "
            "below it",
            "8:5: a service of operator 'a' has no 'name': add name: NAME",
        ],
    ),
    "requests that are no whole numbers": (
        HEAD
        + operator("a", "  requests:\n    cpu: 1.5\n    memory: 4Gi\n    gpu: one\n")
        + operator("b", "  requests: {cpu: 500m, memory: 1.5, gpu: -1}\n"),
        [
            "8:10: cpu '1.5' in requests of operator 'a' is not a whole number of cores: write "
            "cpu: 2",
            "9:13: memory '4Gi' in requests of operator 'a' is not a whole number of MiB: write "
            "memory: 4096",
            "10:10: gpu 'one' in requests of operator 'a' is not a whole number of GPUs: write "
            "gpu: 1, for example",
            "14:19: cpu '500m' in requests of operator 'b' is not a whole number of cores: write "
            "cpu: 1",
            "14:33: memory '1.5' in requests of operator 'b' is not a whole number of MiB: write "
            "memory: 1024, for example",
            "14:43: gpu '-1' in requests of operator 'b' is not a whole number of GPUs: write "
            "gpu: 1, for example",
        ],
    ),
    "a number of a thousand digits": (
        HEAD + operator("a", f"  requests: {{cpu: {'9' * 10_000}}}\n"),
        [
            f"7:19: cpu '{'9' * 60}'… in requests of operator 'a' is not a whole number of cores: "
            "write cpu: 2, for example"
        ],
    ),
    "imports that cannot be": (
        HEAD
        + "- name: a\n  import:\n    path: nothere.yaml\n- name: b\n  import: {args: {x: 1}}\n"
        + "- name: c\n  import: x.yaml\n",
        [
            "6:11: the import 'nothere.yaml' does not exist: its path is relative to the file that "
            "imports it",
            "8:11: import has no 'path': write import: with path: FILE below it",
            "10:11: import must be a mapping, not a single value: write import: with path: FILE "
            "below it",
        ],
    ),
    "templates that cannot be": (
        "api-version: 0.4.0\nname: p\nparameters:\n  threshold: 0.5\n  empty:\noperators:\n"
        + operator(
            "a", "  variables:\n    A: ${{ treshold }}\n    B: ${{empty}}\n    C: ${{ open\n"
        ),
        [
            "11:8: no parameter is called 'treshold': did you mean 'threshold'?",
            "12:8: the parameter 'empty' has no value: give --param empty=VALUE, or a default "
            "under parameters",
            "13:8: a template has no end: write ${{ name }}",
        ],
    ),
    "a template in every field that needs one": (
        HEAD
        + "- name: ${{a}}\n  container: {image: '${{b}}', tag: '${{c}}'}\n"
        + "  input: [{from: '${{d}}', path: '${{e}}'}]\n",
        [
            "4:9: no parameter is called 'a': known: JOB_ID",
            "5:22: no parameter is called 'b': known: JOB_ID",
            "5:37: no parameter is called 'c': known: JOB_ID",
            "6:18: no parameter is called 'd': known: JOB_ID",
            "6:34: no parameter is called 'e': known: JOB_ID",
        ],
    ),
    "templates that grow": (
        f"api-version: 0.4.0\nname: p\nparameters:\n  a: {'x' * 1_000_000}\noperators:\n"
        + operator("b", f"  variables:\n    A: {'${{a}}' * 20}\n"),
        ["10:8: templates grow without end: use shorter values"],
    ),
    "a misspelt key beside what it causes": (
        HEAD + "- name: a\n  contianer:\n    image: busybox\n  comment: none\n",
        [
            "4:3: operator 'a' has no 'container': add container: with an image: below it",
            "5:3: operator 'a' has an unknown key 'contianer': did you mean 'container'?",
        ],
    ),
    "problems of every kind at once": (
        HEAD
        + operator("reader", "  output:\n  - pth: /out\n")
        + operator("b", "  input:\n  - from: raeder\n    path: in\n  requests:\n    memory: 4Gi\n"),
        [
            "8:5: an output of operator 'reader' has an unknown key 'pth': did you mean 'path'?",
            "8:5: an output of operator 'reader' has no 'path': add path: /FOLDER",
            "13:11: no operator is called 'raeder': did you mean 'reader'?",
            "14:11: the path 'in' of an input of operator 'b' is not absolute: write '/in'",
            "16:13: memory '4Gi' in requests of operator 'b' is not a whole number of MiB: write "
            "memory: 4096",
        ],
    ),
}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def problems_of(path: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read_pipeline(Path(path), {}, job_id="job-7")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_tells_all_that_is_wrong_with_place_and_remedy(text: str, expected: list[str]) -> None:
    Path("p.yaml").write_text(text, encoding="utf-8")
    began = time.process_time()
    assert problems_of("p.yaml") == [f"p.yaml:{line}" for line in expected]
    assert time.process_time() - began < 10


def test_counts_the_problems_and_names_the_command_to_look_again() -> None:
    Path("a p.yaml").write_text("name: p\n")
    with pytest.raises(DefinitionError) as caught:
        read_pipeline(Path("a p.yaml"), {}, job_id="j")
    assert caught.value.hint == (
        "1 problem, nothing was started; mend and look again: cpost plan 'a p.yaml'"
    )
    assert caught.value.exit_code == 3


def test_tells_the_byte_that_is_not_utf8() -> None:
    Path("p.yaml").write_bytes("name: ä\ndescription: ".encode() + b"\xe4\n")
    assert problems_of("p.yaml") == ["p.yaml:2:14: byte 0xe4 is not UTF-8: save the file as UTF-8"]


def test_tells_the_character_that_is_not_text() -> None:
    Path("p.yaml").write_bytes(b"name: p\nx: a\x1b[2J\n")
    assert problems_of("p.yaml") == ["p.yaml:2:5: the character U+001B is not text: remove it"]


def test_refuses_a_binary_file() -> None:
    Path("p.yaml").write_bytes(bytes(range(256)) * 100)
    assert problems_of("p.yaml") == ["p.yaml:2:118: byte 0x80 is not UTF-8: save the file as UTF-8"]


def test_refuses_100_mb_without_reading_them() -> None:
    with Path("p.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    began = time.process_time()
    assert problems_of("p.yaml") == [
        "p.yaml: is 100.0 MiB large: a definition has at most 10.0 MiB; is this another file?"
    ]
    assert time.process_time() - began < 0.5


def test_refuses_10_mib_of_values_in_good_time() -> None:
    Path("p.yaml").write_text("a: [" + "x," * 5_000_000 + "]\n")
    began = time.process_time()
    assert problems_of("p.yaml")[0].startswith("p.yaml:1:500003: grows to more than 250000 values")
    assert time.process_time() - began < 10


def test_refuses_an_endless_pipe() -> None:
    os.mkfifo("pipe")
    writer = subprocess.Popen("cat /dev/zero > pipe 2> writer.log", shell=True)
    try:
        assert problems_of("pipe") == [
            "pipe: is larger than 10.0 MiB: a definition has at most 10.0 MiB; is this another "
            "file?"
        ]
    finally:
        writer.wait(timeout=10)  # ended by the closed pipe


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nothere.yaml", "does not exist: give the path of a pipeline definition"),
        (".", "is a directory: give the definition file in it"),
        ("/dev/zero", "is not a regular file: give a definition file"),
        ("/proc/self/mem", "cannot be read: Input/output error: try: ls -l /proc/self/mem"),
        ("x" * 300, f"cannot be read: File name too long: try: ls -l {'x' * 300}"),
    ],
)
def test_tells_why_a_file_cannot_be_read(path: str, expected: str) -> None:
    assert problems_of(path) == [f"{path}: {expected}"]


def test_a_thousand_problems_are_all_told_in_good_time() -> None:
    operators = [
        operator(f"op-{number}", f"  inputt: []\n  input:\n  - from: nowhere-{number}\n")
        for number in range(1000)
    ]
    Path("p.yaml").write_text(HEAD + "".join(operators))
    began = time.process_time()
    told = "\n".join(problems_of("p.yaml"))
    assert all(f"'nowhere-{number}'" in told for number in range(1000))
    assert time.process_time() - began < 10


def test_messages_stay_on_one_line_and_short() -> None:
    Path("p.yaml").write_text(
        HEAD + f'- name: "a\\n{"b" * 5000}"\n  container: {{image: "\\x1b["}}\n'
    )
    for line in problems_of("p.yaml"):
        assert line.startswith("p.yaml:")
        assert line.isprintable()
        assert len(line) < 300
