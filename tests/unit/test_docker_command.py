"""The command that does by hand what an engine does."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpost.engine.docker_command import docker_run_arguments, docker_run_line, docker_run_lines
from cpost.engine.port import ContainerSpec, Mount, MountRole

SPEC = ContainerSpec(
    name="cpost-s-001-reader",
    image="example/reader:1",
    command=("read", "--data", '["A B"]'),
    entrypoint=("python", "-u"),
    environment={"TRACE": "2", "NOTE": "it's $HOME"},
    mounts=(
        Mount(Path("/data"), "/in", read_only=True, role=MountRole.INPUT),
        Mount(Path("/session/out"), "/out", read_only=False, role=MountRole.OUTPUT),
    ),
    network="cpost_net",
    labels={"cpost.session": "s"},
    gpus=2,
)


def read_by_a_shell(command: str) -> list[str]:
    """Return the words that a shell gives to ``docker``."""
    script = f"docker() {{ printf '%s\\0' \"$@\"; }}; {command}"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return ended.stdout.decode().split("\0")[:-1]


def test_every_part_of_the_specification_is_in_the_command() -> None:
    assert docker_run_arguments(SPEC) == [
        *("docker", "run", "--rm", "--name", "cpost-s-001-reader"),
        *("--network", "cpost_net"),
        *("--env", "TRACE=2", "--env", "NOTE=it's $HOME"),
        *("--mount", "type=bind,source=/data,target=/in,readonly"),
        *("--mount", "type=bind,source=/session/out,target=/out"),
        *("--gpus", "2"),
        *("--entrypoint", "python"),
        *("example/reader:1", "-u", "read", "--data", '["A B"]'),
    ]


def test_what_the_specification_leaves_to_the_engine_is_not_in_the_command() -> None:
    assert docker_run_arguments(ContainerSpec("n", "x")) == [
        *("docker", "run", "--rm", "--name", "n", "x")
    ]


def test_labels_are_left_out_so_that_it_is_not_taken_for_a_leftover() -> None:
    assert "cpost.session" not in docker_run_line(SPEC)


def test_lines_for_people_are_the_same_command() -> None:
    lines = docker_run_lines(SPEC)
    assert lines[0] == "docker run --rm --name cpost-s-001-reader \\"
    assert lines[1] == "  --network cpost_net \\"
    assert lines[-1] == """  example/reader:1 -u read --data '["A B"]'"""
    assert read_by_a_shell("\n".join(lines)) == docker_run_arguments(SPEC)[1:]


def test_a_command_without_options_is_one_line() -> None:
    assert docker_run_lines(ContainerSpec("n", "x", ("a",))) == [
        "docker run --rm --name n \\",
        "  x a",
    ]


@pytest.mark.parametrize("path", ["/a,b", '/say "x"', "/with space", "/new\nline", "/=,readonly"])
def test_a_path_of_any_kind_is_one_field_of_the_mount(path: str) -> None:
    mount = Mount(Path(path), "/in", read_only=False, role=MountRole.INPUT)
    value = docker_run_arguments(ContainerSpec("n", "x", mounts=(mount,)))[-2]
    fields = ["type=bind", f"source={path}", "target=/in"]
    assert list(csv.reader(io.StringIO(value, newline=""), strict=True)) == [fields]


def test_a_line_holds_no_line_breaks_and_nothing_for_the_terminal() -> None:
    spec = ContainerSpec(
        "n", "x", ("sh", "-c", "echo 'a'\necho \x1b[31m\\"), environment={"A": "\t"}
    )
    line = docker_run_line(spec)
    assert line.isprintable()
    assert line.endswith("""x sh -c $'echo \\'a\\'\\necho \\x1b[31m\\\\'""")


WORDS = st.lists(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=12),
    min_size=1,
    max_size=4,
)


@given(WORDS)
def test_a_shell_reads_the_words_back(words: list[str]) -> None:
    spec = ContainerSpec("n", "x", tuple(words))
    assert read_by_a_shell(docker_run_line(spec)) == docker_run_arguments(spec)[1:]
