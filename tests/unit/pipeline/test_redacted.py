"""Variables that may hold secrets."""

from __future__ import annotations

import pytest

from cpost.pipeline.secrets import redacted


@pytest.mark.parametrize(
    "name", ["TOKEN", "github_token", "DB_PASSWORD", "PASSWD", "MySecret", "API_KEY", "CREDENTIALS"]
)
def test_what_looks_like_a_secret_is_hidden(name: str) -> None:
    assert redacted({name: "abc"}) == {name: "***"}


@pytest.mark.parametrize("name", ["TRACE", "PATH", "LEVEL", "PASS"])
def test_everything_else_is_shown(name: str) -> None:
    assert redacted({name: "abc"}) == {name: "abc"}


def test_an_empty_value_hides_nothing() -> None:
    assert redacted({"TOKEN": ""}) == {"TOKEN": ""}
