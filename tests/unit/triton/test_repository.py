from __future__ import annotations

from pathlib import Path

import pytest

from cpost.errors import TritonError
from cpost.triton.repository import check_models


def model(models_dir: Path, name: str, config: str | None = "", version: str = "1") -> None:
    (models_dir / name / version).mkdir(parents=True)
    if config is not None:
        (models_dir / name / "config.pbtxt").write_text(config)


def problem(models_dir: Path, *names: str) -> str:
    with pytest.raises(TritonError) as told:
        check_models(models_dir, names)
    return str(told.value)


def test_models_as_they_must_be_pass(tmp_path: Path) -> None:
    model(tmp_path, "spleen", 'name: "spleen"')
    model(tmp_path, "liver", 'input [ { name: "INPUT0" } ]', version="12")
    check_models(tmp_path, ["spleen", "liver", "spleen"])


def test_a_model_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    model(tmp_path, "spleen_v1")
    assert "did you mean 'spleen_v1'?" in problem(tmp_path, "spleen_v2")
    assert "there are spleen_v1" in problem(tmp_path, "x")


def test_another_name_in_the_configuration_is_told_with_what_to_write(tmp_path: Path) -> None:
    model(tmp_path, "spleen", 'name: "liver"')
    assert 'write name: "spleen"' in problem(tmp_path, "spleen")


def test_all_models_are_told_at_once(tmp_path: Path) -> None:
    model(tmp_path, "no_config", None)
    model(tmp_path, "no_version", version="v1")
    model(tmp_path, "no_text", "name: {")
    told = problem(tmp_path, "no_config", "no_version", "no_text").splitlines()
    assert ["config.pbtxt" in told[0], "has no version" in told[1], "line 1" in told[2]] == [
        True,
        True,
        True,
    ]


def test_a_folder_that_triton_would_pass_over_is_no_version(tmp_path: Path) -> None:
    model(tmp_path, "spleen", version="01")
    assert "has no version" in problem(tmp_path, "spleen")
