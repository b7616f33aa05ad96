from __future__ import annotations

from pathlib import Path

import pytest

from operators.folders import input_folder, output_folder


def test_in_a_container_folders_are_where_they_are_mounted(tmp_path: Path) -> None:
    assert input_folder(str(tmp_path)) == tmp_path
    assert output_folder(str(tmp_path / "out"), "rendering") == tmp_path / "out"


def test_without_a_container_variables_say_where_the_folders_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NVIDIA_CLARA_OUTPUT", "CPOST_OUTPUT_RENDERING", "CPOST_INPUT_SEGMENTATION"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    assert output_folder("/output") == tmp_path / "NVIDIA_CLARA_OUTPUT"
    assert output_folder("/publish", "rendering") == tmp_path / "CPOST_OUTPUT_RENDERING"
    (tmp_path / "CPOST_INPUT_SEGMENTATION").mkdir()
    assert input_folder("/input", "segmentation") == tmp_path / "CPOST_INPUT_SEGMENTATION"


def test_a_missing_input_ends_the_operator_with_a_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nowhere is not there"):
        input_folder(str(tmp_path / "nowhere"))
