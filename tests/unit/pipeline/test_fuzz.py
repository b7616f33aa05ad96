"""Whatever a file holds, the reader returns a pipeline or tells what is wrong: nothing else."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline_examples import GOOD

from cpost.errors import DefinitionError
from cpost.pipeline.order import execution_order
from cpost.pipeline.reader import read_pipeline

_SLOWEST_S = 3.0
FUZZ = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KEY_NAMES = """
    api-version name description parameters pull-secrets orchestrator operators container input
    output models requests services variables import image tag command entrypoint from path type
    connections http file volume port cpu memory gpu args hostVolumePath << JOB_ID
"""
VALUES = """
    reader writer /in /out ../x ${{JOB_ID}} ${{x}} ${{ p.yaml busybox 8000 4Gi -1 ~ null
"""
MARKS = (
    "- |: |  |[|]|{|}|&a |*a|${{|}}|!!x |'|\"|<<: *a\n|? |#|%|---\n|\n|\t|\ufeff|\x00|\x85|\udfff"
)
KEYS = st.sampled_from(KEY_NAMES.split())
WORDS = st.sampled_from(VALUES.split())
FRAGMENTS = st.sampled_from(MARKS.split("|"))
SCALARS = WORDS | st.text(max_size=20) | st.integers() | st.floats() | st.booleans() | st.none()
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


def check(path: Path, data: bytes) -> None:
    """Read ``data`` and check that what comes of it is one of the two."""
    path.write_bytes(data)
    began = time.process_time()
    told = ""
    try:
        pipeline = read_pipeline(path, {"x": "1"}, job_id="j").pipeline
        assert len(execution_order(pipeline)) == len(pipeline.operators) > 0
    except DefinitionError as error:
        told = str(error)
    assert all(line.startswith(str(path)) for line in told.splitlines())
    assert time.process_time() - began < _SLOWEST_S


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "p.yaml"


@FUZZ
@given(st.binary(max_size=300))
def test_random_bytes(path: Path, data: bytes) -> None:
    check(path, data)


@FUZZ
@given(st.text(max_size=300))
def test_random_text(path: Path, text: str) -> None:
    check(path, text.encode("utf-8", "surrogatepass"))


@FUZZ
@given(TREES)
def test_random_structures(path: Path, tree: object) -> None:
    check(path, json.dumps(tree).encode())


@FUZZ
@given(st.dictionaries(KEYS, TREES, max_size=6), st.lists(TREES, max_size=3))
def test_random_operators(path: Path, fields: dict[str, object], others: list[object]) -> None:
    known = {"name": "a", "container": {"image": "x"}, "output": [{"path": "/o"}]}
    parameters = {"x": None}
    document = {"name": "p", "parameters": parameters, "operators": [{**known, **fields}, *others]}
    check(path, json.dumps(document).encode())


@FUZZ
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 8), FRAGMENTS | st.text(max_size=3)),
        min_size=1,
        max_size=6,
    )
)
def test_mutations_of_a_good_file(path: Path, edits: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for position, length, inserted in edits:
        text = text[:position] + inserted + text[position + length :]
    check(path, text.encode("utf-8", "surrogatepass"))


@FUZZ
@given(st.permutations(GOOD.splitlines(keepends=True)))
def test_shuffled_lines_of_a_good_file(path: Path, lines: list[str]) -> None:
    check(path, "".join(lines).encode())
