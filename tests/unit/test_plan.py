"""``cpost plan``: what it prints, for people and for programs."""

from __future__ import annotations

import argparse
import errno
import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cpost.commands import plan
from cpost.errors import DefinitionError, RecordError, TritonError, UsageError

SCHEMA = Path(__file__).parents[2] / "docs" / "plan.schema.json"
DEFINITION = """\
api-version: 0.4.0
name: scan
description: Finds things.
parameters: {level: 1, api_token: abc}
operators:
- name: writer
  container:
    image: example/writer
    entrypoint: [python, -u]
    command: write.py
  variables: {DB_PASSWORD: "pass word", LEVEL: "${{level}}"}
  requests: {cpu: 2, gpu: 1}
  input:
  - {from: reader, name: volume, path: /in}
  - {from: reader, name: report, path: /report}
  - path: /dicom
- name: reader
  description: Reads series of images and makes volumes of them, one for each series that it finds.
  container: {image: example/reader, tag: 2}
  input: [{path: /input}]
  output: [{path: /out, name: volume}, {path: /log, name: report}]
  requests: {memory: 512}
- name: viewer
  container: {image: example/viewer}
  output: [{path: /out}]
  services:
  - name: triton
    container: {image: example/triton, command: [serve, "--models=/m"]}
    connections:
      http: [{name: TRITON_URI, port: 8000}]
      file: [{name: data, path: /data}]
    variables: {API_KEY: abc}
  models: [{name: spleen}, {name: liver}]
"""
TEXT = """\
Pipeline     scan (api-version 0.4.0)
             Finds things.
File         p.yaml
Payload      not given; /path/to/input_dir stands for it
Parameters   level=1
             api_token=***
Order        3 operators: reader, writer, viewer
Triton       is needed: give --models_dir DIR with its models

1. reader
   Reads series of images and makes volumes of them, one for each series that it
   finds.
   image        example/reader:2
   command      the image's own
   environment  NVIDIA_CLARA_NOSYNCLOCK=TRUE
   mounts       /input  <- the payload
                /out    -> output volume
                /log    -> output report
   requests     memory: 512 (MiB)
   by hand
     mkdir -p -m 777 /path/to/outputs/reader/volume
     mkdir -p -m 777 /path/to/outputs/reader/report
     docker run --rm --name cpost-plan-001-reader \\
       --network cpost_net \\
       --env NVIDIA_CLARA_NOSYNCLOCK=TRUE \\
       --mount type=bind,source=/path/to/input_dir,target=/input,readonly \\
       --mount type=bind,source=/path/to/outputs/reader/volume,target=/out \\
       --mount type=bind,source=/path/to/outputs/reader/report,target=/log \\
       example/reader:2

2. writer
   image        example/writer:latest
   entrypoint   python -u
   command      write.py
   environment  DB_PASSWORD=***
                LEVEL=1
                NVIDIA_CLARA_NOSYNCLOCK=TRUE
   mounts       /in      <- reader, output volume
                /report  <- reader, output report
                /dicom   <- the payload
   requests     cpu: 2, gpu: 1
   by hand
     docker run --rm --name cpost-plan-002-writer \\
       --network cpost_net \\
       --env 'DB_PASSWORD=***' \\
       --env LEVEL=1 \\
       --env NVIDIA_CLARA_NOSYNCLOCK=TRUE \\
       --mount type=bind,source=/path/to/outputs/reader/volume,target=/in,readonly \\
       --mount type=bind,source=/path/to/outputs/reader/report,target=/report,readonly \\
       --mount type=bind,source=/path/to/input_dir,target=/dicom,readonly \\
       --gpus 1 \\
       --entrypoint python \\
       example/writer:latest -u write.py

3. viewer
   image        example/viewer:latest
   command      the image's own
   environment  NVIDIA_CLARA_NOSYNCLOCK=TRUE
                NVIDIA_TRITON_HTTPURI=cpost-plan-sidecar-2-tritonserver:8000
                NVIDIA_TRITON_GRPCURI=cpost-plan-sidecar-2-tritonserver:8001
                NVIDIA_CLARA_TRTISURI=cpost-plan-sidecar-2-tritonserver:8000
                CLARA_TRITON_URI=cpost-plan-sidecar-2-tritonserver:8000
                TRITON_URI=cpost-plan-sidecar-1-triton:8000
   mounts       /out   -> an output
                /data  <> volume data
   requests     none
   models       spleen
                liver
   service      triton
      image        example/triton:latest
      command      serve --models=/m
      environment  API_KEY=***
      address      port 8000, told to the operator in TRITON_URI
      volumes      /data (data)
      requests     none
   by hand
     mkdir -p -m 777 /path/to/outputs/viewer/output
     docker run --rm --name cpost-plan-003-viewer \\
       --network cpost_net \\
       --env NVIDIA_CLARA_NOSYNCLOCK=TRUE \\
       --env NVIDIA_TRITON_HTTPURI=cpost-plan-sidecar-2-tritonserver:8000 \\
       --env NVIDIA_TRITON_GRPCURI=cpost-plan-sidecar-2-tritonserver:8001 \\
       --env NVIDIA_CLARA_TRTISURI=cpost-plan-sidecar-2-tritonserver:8000 \\
       --env CLARA_TRITON_URI=cpost-plan-sidecar-2-tritonserver:8000 \\
       --env TRITON_URI=cpost-plan-sidecar-1-triton:8000 \\
       --mount type=bind,source=/path/to/outputs/viewer/output,target=/out \\
       --mount type=bind,source=/path/to/outputs/.volumes/triton/data,target=/data \\
       example/viewer:latest

triton (sidecar)
   image        example/triton:latest
   beside       viewer
   by hand
     mkdir -p -m 777 /path/to/outputs/.volumes/triton/data
     docker run --detach --rm --name cpost-plan-sidecar-1-triton \\
       --network cpost_net \\
       --env 'API_KEY=***' \\
       --env NVIDIA_CLARA_SERVICE_DATA_PATH=/clara-service-data \\
       --mount type=bind,source=/path/to/outputs/.volumes/triton/data,target=/data \\
       --shm-size 1073741824 \\
       example/triton:latest serve --models=/m

tritonserver (sidecar)
   image        nvcr.io/nvidia/tritonserver:24.10-py3
   beside       viewer
   models       spleen
                liver
   by hand
     docker run --detach --rm --name cpost-plan-sidecar-2-tritonserver \\
       --network cpost_net \\
       --mount type=bind,source=/path/to/models,target=/models,readonly \\
       --shm-size 1073741824 \\
       nvcr.io/nvidia/tritonserver:24.10-py3 tritonserver --model-repository=/models --model-control-mode=explicit

The commands by hand do what cpost does, one operator after the other, if the
network is made first (docker network create cpost_net) and removed afterwards
(docker network rm cpost_net). A sidecar is started before the operators that it
stands beside, and ended (docker stop) after them; the addresses hold on that
network.
"""  # noqa: E501


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # The command line turns it off, which hides messages from pytest.
    monkeypatch.setattr(logging.getLogger("cpost"), "propagate", True)
    Path("p.yaml").write_text(DEFINITION)
    Path("payload").mkdir()
    for model in ("spleen", "liver"):
        Path("models", model, "1").mkdir(parents=True)
        Path("models", model, "config.pbtxt").write_text('backend: "python"')


def execute(*words: str) -> int:
    parser = argparse.ArgumentParser()
    plan.add_arguments(parser)
    return plan.execute(parser.parse_args(words))


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert execute("p.yaml", *words) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(result, json.loads(SCHEMA.read_text()))
    return result


def test_people_see_everything_in_the_order_of_execution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert execute("p.yaml") == 0
    assert capsys.readouterr().out == TEXT


def test_servers_are_planned_once_each_and_operators_are_told_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = planned(capsys, "--json")
    service, triton = result["sidecars"]
    assert (service["name"], service["kind"]) == ("triton", "service")
    assert (triton["operators"], triton["models"]) == (["viewer"], ["spleen", "liver"])
    told = result["operators"][2]["environment"]
    assert told["TRITON_URI"] == f"{service['container_name']}:8000"
    assert told["NVIDIA_TRITON_GRPCURI"] == f"{triton['container_name']}:8001"
    assert "abc" not in service["docker_run"]


def test_a_model_that_is_not_in_its_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(TritonError, match="the model 'spleen' is not in"):
        execute("p.yaml", "--models_dir", str(tmp_path / "none"))


def test_payload_and_models_are_shown_where_they_are_given(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert execute("p.yaml", "payload", "--models_dir", "models") == 0
    out = capsys.readouterr().out
    assert f"\nPayload      {tmp_path}/payload\nModels       {tmp_path}/models\n" in out
    assert f"source={tmp_path}/payload,target=/input,readonly" in out
    assert "is needed" not in out


def test_programs_get_everything_in_the_order_of_execution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = planned(capsys, "--json")
    assert [one["name"] for one in result["operators"]] == ["reader", "writer", "viewer"]
    assert result["pipeline"]["parameters"] == {"level": "1", "api_token": "***"}
    assert result["payload"] is None
    writer, viewer = result["operators"][1:]
    assert writer["index"] == 2
    assert writer["depends_on"] == ["reader"]
    assert (writer["entrypoint"], writer["command"]) == (["python", "-u"], ["write.py"])
    assert writer["environment"]["DB_PASSWORD"] == "***"
    assert writer["requests"] == {"cpu": 2, "memory_mib": None, "gpu": 1}
    assert writer["mounts"][0] == {
        "target": "/in",
        "source": "/path/to/outputs/reader/volume",
        "read_only": True,
        "role": "input",
        "from_operator": "reader",
        "output": "volume",
    }
    assert writer["docker_run"].startswith("docker run --rm --name cpost-plan-002-writer ")
    assert "pass word" not in json.dumps(result)
    assert viewer["models"] == ["spleen", "liver"]
    assert viewer["services"][0]["http"] == [{"name": "TRITON_URI", "port": 8000}]
    assert viewer["services"][0]["environment"] == {"API_KEY": "***"}
    assert viewer["command"] is None


def test_options_reach_the_plan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = planned(
        capsys,
        "payload",
        "--json",
        "--param",
        "level=7",
        "--writable_input",
        "--models_dir",
        "models",
    )
    reader, writer = result["operators"][:2]
    assert writer["environment"]["LEVEL"] == "7"
    assert reader["mounts"][0]["read_only"] is False
    assert reader["mounts"][0]["source"] == result["payload"] == f"{tmp_path}/payload"
    assert result["models_dir"] == f"{tmp_path}/models"


def test_a_writable_payload_is_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    execute("p.yaml", "--writable_input")
    assert "/input  <- the payload (writable)\n" in capsys.readouterr().out


def test_warnings_are_told_beside_the_plan(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    Path("p.yaml").write_text(DEFINITION + "license: x\n")
    result = planned(capsys, "--json")
    assert caplog.messages == result["warnings"]
    assert "unknown key 'license'" in caplog.messages[0]
    with pytest.raises(DefinitionError):
        execute("p.yaml", "--strict")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothere"], "INPUT: nothere does not exist"),
        (["p.yaml"], "INPUT: p.yaml is not a directory"),
        (["--models_dir", "nothere"], "--models_dir: nothere does not exist"),
    ],
)
def test_directories_must_be_there(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        execute("p.yaml", *words)
    assert re.fullmatch(f"ls -ld .*{words[-1]}", caught.value.hint or "")


def test_what_upsets_a_terminal_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.yaml").write_text(
        'api-version: 0.4.0\nname: p\noperators:\n- name: a\n  description: "x\\e[31m\\ny"\n'
        '  container: {image: b, command: ["\\a"]}\n  variables: {A: "1\\n2"}\n'
    )
    execute("p.yaml")
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines())
    assert "   x\\x1b[31m\\ny\n" in out
    assert "A=1\\n2\n" in out


class Stdout(io.StringIO):
    """A standard output that fails or that knows few characters."""

    def __init__(self, error: OSError | None = None, encoding: str = "utf-8") -> None:
        super().__init__()
        self.error = error
        self.null = os.open(os.devnull, os.O_WRONLY)
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def write(self, text: str) -> int:
        if self.error is not None:
            raise self.error
        text.encode(self._encoding)
        return super().write(text)

    def fileno(self) -> int:
        return self.null


def test_a_reader_who_has_seen_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Stdout(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    assert execute("p.yaml") == 0


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Stdout(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(RecordError, match="stdout could not be written: No space left"):
        execute("p.yaml")


def test_planning_needs_neither_docker_nor_pandas() -> None:
    code = (
        "import sys; from cpost.commands import plan; "
        "sys.exit(any(name in sys.modules for name in ('docker', 'requests', 'pandas', 'rich')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
