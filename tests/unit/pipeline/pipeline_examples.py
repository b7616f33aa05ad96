"""Definitions to read, and the reading of them, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cpost.pipeline.model import Pipeline
from cpost.pipeline.reader import ReadPipeline, read_pipeline

HEAD = "api-version: 0.4.0\nname: p\noperators:\n"  # three lines

GOOD = """\
api-version: 0.4.0
name: scan
description: Finds things.
orchestrator: Clara
pull-secrets:
- registry-key
parameters:
  threshold: 0.5
operators:
- name: reader
  description: Reads.
  container:
    image: example/reader
    tag: 1.10
    command: ["python", "read.py", "--job", "${{JOB_ID}}"]
  variables:
    TRACE: 2
  requests: {cpu: 2, memory: 2048, gpu: 1}
  input:
  - path: /input
  output:
  - path: /output
    name: volume
  - path: /report
    name: report
- name: writer
  container: {image: "example/writer:2", command: "write --level ${{ threshold }}"}
  input:
  - from: Reader
    name: VOLUME
    path: /input/
  services:
  - name: triton
    container:
      image: example/triton
      command: ["serve"]
    connections:
      http:
      - name: TRITON_URI
        port: 8000
      file:
      - name: data
        path: /data
  models:
  - name: spleen_v1
"""


def operator(name: str, rest: str = "") -> str:
    """Return an operator of three lines, and ``rest`` below it."""
    return f"- name: {name}\n  container:\n    image: busybox\n{rest}"


def read(
    folder: Path, text: str, parameters: Mapping[str, str] | None = None, *, strict: bool = False
) -> ReadPipeline:
    """Read a definition of that text; its file is ``folder/p.yaml``."""
    path = folder / "p.yaml"
    path.write_text(text, encoding="utf-8")
    return read_pipeline(path, parameters or {}, job_id="job-7", strict=strict)


def pipeline(folder: Path, text: str) -> Pipeline:
    """Read a definition that must raise no doubts."""
    result = read(folder, text)
    assert result.warnings == ()
    return result.pipeline
