"""What does Triton beside an operator cost in time, and is an operator charged with what it caused?

    python benchmarks/sidecar.py [--triton_image IMAGE] [--image IMAGE] [--rounds N]

Needs an engine on this machine, an image of Triton (``python tools/triton_image.py``) and one with
Python 3. Each round executes three operators beside one Triton: one has a model burn 3 CPU seconds
as quickly as it can, one does so in thirty requests over some ten seconds, one asks nothing. Then
the same Triton is started by hand (``docker run``) and asked as soon as it lets itself be asked.
Prints, for each round, what every operator was charged with, and the time from the start of cpost
and from that of Triton by hand until an operator had its first answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parent.parent / "tests" / "engine" / "models"
BURNT_S = 3.0
NAME = "cpost-benchmark-triton"

ASK = """
import json, os, sys, time, urllib.request
url = "http://" + os.environ.get("NVIDIA_TRITON_HTTPURI", "127.0.0.1:8000")
def burn(seconds):
    one = {"name": "SECONDS", "shape": [1], "datatype": "FP32", "data": [seconds]}
    body = json.dumps({"inputs": [one]}).encode()
    urllib.request.urlopen(url + "/v2/models/burner/infer", body).read()
if sys.argv[1] == "wait":
    while True:
        try:
            urllib.request.urlopen(url + "/v2/repository/models/burner/load", b"{}").read()
            break
        except OSError:
            time.sleep(0.05)
burn(0)
print(time.time(), flush=True)
for seconds in map(float, sys.argv[2:]):
    burn(seconds)
    time.sleep(0.2 if len(sys.argv) > 4 else 0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--triton_image", default="cpost-demo/tritonserver:2.51.0")
    parser.add_argument("--image", default="cpost-base/python:3.11")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    later_s = []
    for number in range(1, options.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            quick, slow, idle, first_s = by_cpost(Path(folder), options)
        by_hand_s = by_hand(options)
        later_s.append(first_s - by_hand_s)
        print(
            f"round {number}: charged {quick:.3f} s and {slow:.3f} s for {BURNT_S:g} s, "
            f"{idle:.3f} s for nothing; first answer after {first_s:.2f} s, "
            f"by hand after {by_hand_s:.2f} s",
            flush=True,
        )
    print(f"later than by hand: median {statistics.median(later_s):.2f} s, aim under 5 s")


def by_cpost(folder: Path, options: argparse.Namespace) -> tuple[float, float, float, float]:
    """Return the three charges, and how long it took to the first answer."""
    payload = folder / "payload"
    payload.mkdir()
    (payload / "file").touch()
    definition = {
        "api-version": "0.4.0",
        "name": "benchmark",
        "operators": [
            operator("quick", options.image, BURNT_S),
            operator("slow", options.image, *[BURNT_S / 30] * 30),
            {**operator("idle", options.image), "container": sleeping(options.image)},
        ],
    }
    (folder / "p.yaml").write_text(json.dumps(definition))
    words = [sys.executable, "-m", "cpost", folder / "p.yaml", payload, "--models_dir", MODELS]
    words += ["--triton_image", options.triton_image, "--json", folder / "r.json"]
    words += ["--record_dir", folder / "record", "--metrics_dir", folder / "metrics"]
    began = time.time()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    result: dict[str, Any] = json.loads((folder / "r.json").read_text())
    charges = [one["sidecars"][0]["charged_cpu_seconds"] for one in result["operators"]]
    printed = next((folder / "record").glob("*/001__quick/stdout.log")).read_text()
    return charges[0], charges[1], charges[2], float(printed) - began


def operator(name: str, image: str, *seconds: float) -> dict[str, Any]:
    repository, _, tag = image.rpartition(":")
    command = ["python3", "-c", ASK, "go", *map(str, seconds)]
    return {
        "name": name,
        "container": {"image": repository, "tag": tag, "command": command},
        "input": [{"path": "/input"}],
        "models": [{"name": "burner"}],
    }


def sleeping(image: str) -> dict[str, Any]:
    repository, _, tag = image.rpartition(":")
    return {"image": repository, "tag": tag, "command": ["sleep", "10"]}


def by_hand(options: argparse.Namespace) -> float:
    """Return how long Triton itself takes to its first answer, in its own container."""
    server = ["docker", "run", "--detach", "--rm", "--name", NAME, "--shm-size", "1g"]
    server += ["--mount", f"type=bind,source={MODELS},target=/models,readonly"]
    server += [options.triton_image, "tritonserver", "--model-repository=/models"]
    began = time.time()
    subprocess.run(
        [*server, "--model-control-mode=explicit"], check=True, stdout=subprocess.DEVNULL
    )
    try:
        asked = ["docker", "exec", NAME, "python3", "-c", ASK, "wait"]
        answer = subprocess.run(asked, check=True, capture_output=True, text=True)
    finally:
        subprocess.run(["docker", "rm", "-f", NAME], check=False, stdout=subprocess.DEVNULL)
    return float(answer.stdout) - began


if __name__ == "__main__":
    main()
