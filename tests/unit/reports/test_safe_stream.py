from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from cpost.reports.safe_stream import SafeStream


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        yield reading, stream


def test_what_is_written_is_seen_at_once(pipe: tuple[int, TextIO]) -> None:
    reading, stream = pipe
    SafeStream(stream, "stdout").write("hello\n")
    assert os.read(reading, 100) == b"hello\n"
    os.close(reading)


def test_a_closed_pipe_is_remembered_and_everything_after_it_is_swallowed(
    pipe: tuple[int, TextIO],
) -> None:
    reading, stream = pipe
    os.close(reading)
    safe = SafeStream(stream, "stdout")
    assert safe.write("lost\n") == 5
    assert safe.write("lost too\n") == 9
    assert "stdout could not be written: Broken pipe" in str(safe.failure)


def test_a_full_disk_is_remembered_too() -> None:
    with open("/dev/full", "w") as stream:  # noqa: PTH123
        safe = SafeStream(stream, "stdout")
        safe.write("lost\n")
        assert "No space left" in str(safe.failure)


def test_a_stream_that_works_has_no_failure() -> None:
    safe = SafeStream(io.StringIO(), "stdout")
    safe.write("fine")
    assert safe.failure is None
    assert not safe.isatty()
