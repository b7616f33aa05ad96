"""The examples in ``docs/pipeline-definition.md`` are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cpost.errors import DefinitionError
from cpost.pipeline.order import execution_order
from cpost.pipeline.reader import read_pipeline

PAGE = Path(__file__).parents[3] / "docs" / "pipeline-definition.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
BAD = """\
api-version: 0.4.0
name: p
operators:
- name: reader
  container:
    image: busybox
  output:
  - pth: /out
- name: writer
  container:
    image: busybox
  input:
  - from: raeder
    path: in
  requests:
    memory: 4Gi
"""


def test_the_first_example_is_read_without_doubts(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(EXAMPLES[0])
    result = read_pipeline(path, {}, job_id="j")
    assert result.warnings == ()
    names = [one.name for one in execution_order(result.pipeline)]
    assert names == ["dicom-reader", "segmentation", "dicom-writer"]


def test_the_example_of_an_import_is_read(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "reader.yaml").write_text(EXAMPLES[2])
    path = tmp_path / "p.yaml"
    path.write_text("api-version: 0.2.0\nname: p\nparameters: {level: 4}\n" + EXAMPLES[1])
    imported = read_pipeline(path, {}, job_id="j").pipeline.operators[0]
    assert (imported.name, imported.container.command) == ("second-reader", ("read", "4"))


def test_the_printed_problems_are_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spleen.yaml").write_text(BAD)
    with pytest.raises(DefinitionError) as caught:
        read_pipeline(Path("spleen.yaml"), {}, job_id="j")
    printed = f"cpost: error: {caught.value}\nhint: {caught.value.hint}\n"
    assert printed in PAGE.read_text(encoding="utf-8")
