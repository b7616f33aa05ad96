"""Servers beside operators, with a real Triton and a model that burns what it is asked for."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine

MODELS = Path(__file__).parent / "models"
MIB = 1 << 20

ASK = """
import json, os, sys, urllib.request
url = "http://" + os.environ[sys.argv[1]] + "/v2/models/burner/infer"
for seconds in map(float, sys.argv[2:]):
    one = {"name": "SECONDS", "shape": [1], "datatype": "FP32", "data": [seconds]}
    body = json.dumps({"inputs": [one]}).encode()
    try:
        urllib.request.urlopen(url, body).read()
    except urllib.error.HTTPError as error:
        print(error.read())
"""


@pytest.fixture
def asking(operator: Any, python_image: str) -> Any:
    """Make an operator that has the model burn some CPU seconds."""
    image, _, tag = python_image.rpartition(":")

    def make(name: str, *seconds: float, variable: str = "NVIDIA_TRITON_HTTPURI", **fields: Any):  # type: ignore[no-untyped-def]
        made = operator(name, "true", **fields)
        words = ["python3", "-c", ASK, variable, *map(str, seconds)]
        made["container"] = {"image": image, "tag": tag, "command": words}
        return made

    return make


def service(image: str, script: str | list[str], port: int, variable: str, name: str = "s") -> Any:
    repository, _, tag = image.rpartition(":")
    command = ["sh", "-c", script] if isinstance(script, str) else script
    return {
        "name": name,
        "container": {"image": repository, "tag": tag, "command": command},
        "connections": {"http": [{"name": variable, "port": port}]},
    }


def left(engine_client: Any) -> list[Any]:
    found: list[Any] = engine_client.api.containers(all=True, filters={"label": "cpost.session"})
    return found


def only(run: dict[str, Any]) -> dict[str, Any]:
    (sidecar,) = run["sidecars"]
    assert isinstance(sidecar, dict)
    return sidecar


def test_an_operator_is_charged_with_what_it_made_the_model_burn(
    cpost: Any, pipeline: Any, payload: Path, asking: Any, triton_image: str, engine_client: Any
) -> None:
    file = pipeline(
        asking("burner", 1.5, 1.5, -1, models=[{"name": "burner"}]),
        asking("idler", models=[{"name": "burner"}]),
    )
    result = cpost.profile(file, payload, "--models_dir", MODELS, "--triton_image", triton_image)
    assert result["ended"].returncode == 0, result["ended"].stderr
    burner, idler = map(only, result["operators"])
    assert burner["charged_cpu_seconds"] == pytest.approx(3.0, abs=0.1)
    assert idler["charged_cpu_seconds"] < 0.1
    (model,) = burner["models"]
    assert (model["name"], model["inferences"], model["failures"]) == ("burner", 2, 1)
    assert model["compute_seconds"] >= 3.0
    assert burner["memory"]["peak_bytes"] >= burner["memory"]["base_bytes"] > 10 * MIB
    (summary,) = result["sidecars"]
    assert summary["operators"] == ["burner", "idler"]
    assert summary["recommendation"]["requests"]["cpu"] >= 1
    assert "tritonserver" in result["ended"].stdout
    assert left(engine_client) == []


def test_a_service_of_any_kind_and_models_may_stand_beside_one_operator(
    cpost: Any, pipeline: Any, payload: Path, asking: Any, triton_image: str, python_image: str
) -> None:
    reference = "--model-repository=$(NVIDIA_CLARA_SERVICE_DATA_PATH)/models"
    triton = service(triton_image, ["tritonserver", reference], 8000, "URI", "triton")
    files = service(python_image, "exec python3 -m http.server 80", 80, "FILES", "files")
    file = pipeline(
        asking("one", 0.2, variable="URI", services=[triton, files]),
        asking("two", 0.2, variable="URI", services=[triton], models=[{"name": "burner"}]),
    )
    result = cpost.profile(file, payload, "--models_dir", MODELS, "--triton_image", triton_image)
    assert result["ended"].returncode == 0, result["ended"].stderr
    one, two = result["operators"]
    assert [(each["name"], each["kind"]) for each in one["sidecars"]] == [
        ("triton", "service"),
        ("files", "service"),
    ]
    assert [each["name"] for each in two["sidecars"]] == ["triton", "tritonserver"]
    assert [each["models"][0]["inferences"] for each in two["sidecars"]] == [1, 0]
    runs = sorted(cpost.session_dir.glob("00*"))
    ids = [json.loads((run / "run.json").read_text())["sidecars"][0] for run in runs]
    assert ids[0]["container_id"] == ids[1]["container_id"]  # one container for both
    assert "to write below the service files of one:" in result["ended"].stdout


def test_a_server_that_never_gets_ready_is_waited_for_once_and_shows_what_it_printed(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, python_image: str, engine_client: Any
) -> None:
    slow = service(python_image, "echo warming up; exec sleep 100", 80, "URI")
    file = pipeline(
        operator("a", "true", services=[slow]),
        operator("b", "true", services=[slow]),
        operator("c", "true"),
    )
    result = cpost.profile(file, payload, "--triton_timeout", 2, "--force", "cont")
    assert result["ended"].returncode == 6
    assert [run["state"] for run in result["operators"]] == ["error", "error", "pass"]
    assert result["ended"].stdout.count("warming up") == 1
    assert "is not tried again" in result["ended"].stdout
    assert left(engine_client) == []


def test_a_server_that_ends_at_once_is_exit_8(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, python_image: str
) -> None:
    brittle = service(python_image, "echo the port is taken; exit 3", 80, "URI")
    ended = cpost(pipeline(operator("a", "true", services=[brittle])), payload)
    assert ended.returncode == 8
    assert "ended before it was ready: exit 3" in ended.stderr
    assert "the port is taken" in ended.stderr


def test_a_model_that_fails_to_load_is_told_in_tritons_own_words(
    cpost: Any, pipeline: Any, payload: Path, asking: Any, triton_image: str, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "broken" / "1"
    folder.mkdir(parents=True)
    (folder.parent / "config.pbtxt").write_text('backend: "python"\n')
    (folder / "model.py").write_text("raise RuntimeError('no weights here')\n")
    file = pipeline(asking("a", models=[{"name": "broken"}]))
    ended = cpost(file, payload, "--models_dir", folder.parents[1], "--triton_image", triton_image)
    assert ended.returncode == 8
    assert "does not load the model 'broken'" in ended.stderr
    assert "no weights here" in ended.stderr


def test_a_server_that_dies_takes_the_blame_for_its_operator(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, python_image: str
) -> None:
    mortal = "python3 -m http.server 80 & sleep 4; echo oh no; exit 9"
    file = pipeline(
        operator("a", "sleep 8; exit 7", services=[service(python_image, mortal, 80, "URI")])
    )
    result = cpost.profile(file, payload)
    assert result["ended"].returncode == 6
    (run,) = result["operators"]
    assert run["state"] == "error"
    assert only(run)["ended"] == "exit 9"
    assert "server s ended" in result["ended"].stdout
    assert "oh no" in result["ended"].stdout


def test_an_image_that_cannot_be_had_is_exit_8(
    cpost: Any, pipeline: Any, payload: Path, asking: Any
) -> None:
    file = pipeline(asking("a", models=[{"name": "burner"}]))
    options = ("--models_dir", MODELS, "--triton_image", "cpost-test/none:1", "--pull", "never")
    ended = cpost(file, payload, *options)
    assert ended.returncode == 8
    assert "cpost-test/none:1 is not here" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_server_is_removed_however_cpost_ends(
    cpost: Any,
    pipeline: Any,
    payload: Path,
    operator: Any,
    python_image: str,
    engine_client: Any,
    number: signal.Signals,
) -> None:
    files = service(python_image, "exec python3 -m http.server 80", 80, "URI")
    process = cpost.popen(pipeline(operator("a", "sleep 60", services=[files])), payload)
    deadline = time.monotonic() + 60
    while len(left(engine_client)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(number)
    process.communicate(timeout=60)
    if number is signal.SIGKILL:
        assert cpost(pipeline(operator("b", "true")), payload).returncode == 0
    assert left(engine_client) == []


def test_no_port_of_a_server_is_published(
    cpost: Any, pipeline: Any, payload: Path, operator: Any, python_image: str, engine_client: Any
) -> None:
    files = service(python_image, "exec python3 -m http.server 80", 80, "URI")
    process = cpost.popen(pipeline(operator("a", "sleep 60", services=[files])), payload)
    try:
        deadline = time.monotonic() + 60
        while len(left(engine_client)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        ports = [one["Ports"] for one in left(engine_client)]
        assert all("PublicPort" not in port for several in ports for port in several)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
