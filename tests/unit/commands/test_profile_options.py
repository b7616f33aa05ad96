from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cpost import cli
from cpost.commands.profile_options import Force, ProfileOptions, add_arguments


def options(*words: str) -> ProfileOptions:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return ProfileOptions.of(parser.parse_args(cli.normalised([*words, "p.yaml", "input"])))


def test_defaults_are_what_the_help_says() -> None:
    plain = options()
    assert plain.force is Force.NONE
    assert plain.interval_s == 0.1
    assert plain.max_log_bytes == 64 << 20
    assert plain.timeout_s is None


@pytest.mark.parametrize("value", list(Force))
def test_force_takes_its_values(value: Force) -> None:
    assert options("--force", value.value).force is value
    assert options(f"--force={value.value}").force is value


def test_force_without_a_value_means_none_and_leaves_the_path_alone() -> None:
    plain = options("--force")
    assert plain.force is Force.NONE
    assert plain.pipeline_path == Path("p.yaml")


@pytest.mark.parametrize("spelling", ["--metrics_dir", "--metrics-dir"])
def test_hyphens_and_underscores_are_the_same(spelling: str) -> None:
    assert options(spelling, "m-1").metrics_dir == Path("m-1")
    assert options(f"{spelling}=m-1").metrics_dir == Path("m-1")


def test_words_after_two_hyphens_are_left_as_they_are() -> None:
    assert cli.normalised(["--json-x", "--", "--a-b", "--force"]) == [
        "--json_x",
        "--",
        "--a-b",
        "--force",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("--interval", "0.001"),
        ("--interval", "61"),
        ("--interval", "nan"),
        ("--interval", "often"),
        ("--timeout", "0"),
        ("--max_log_bytes", "much"),
        ("--param", "novalue"),
        ("--param", "=x"),
        ("--force=maybe",),
        ("--pull", "sometimes"),
    ],
)
def test_what_cannot_be_is_a_usage_error(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as told:
        options(*words)
    assert told.value.code == 2


def test_parameters_keep_everything_after_the_first_equals_sign() -> None:
    assert options("--param", "a=b=c", "--param", "d=").parameters == {"a": "b=c", "d": ""}
