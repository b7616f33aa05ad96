"""How quickly does ``cpost --help`` answer, and how much memory does profiling hold?

    python benchmarks/footprint.py [IMAGE]

Prints the time of ``cpost --help`` beside that of ``python -c pass`` in the same run and, if an
image with a command ``sleep`` is named, the resident memory of cpost while it profiles it for a
few seconds, as the kernel tells it (VmHWM).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 20


def main() -> None:
    nothing, help_ = [], []
    for _ in range(ROUNDS):
        nothing.append(seconds([sys.executable, "-c", "pass"]))
        help_.append(seconds([sys.executable, "-m", "cpost", "--help"]))
    print(
        f"cpost --help: median {statistics.median(help_):.3f} s, worst {max(help_):.3f} s; "
        f"python -c pass: median {statistics.median(nothing):.3f} s"
    )
    if len(sys.argv) > 1:
        print(f"resident memory while profiling: {profiling_kib(sys.argv[1]) / 1024:.1f} MiB")


def seconds(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def profiling_kib(image: str) -> int:
    name, _, tag = image.rpartition(":")
    container = {"image": name, "tag": tag, "command": ["sleep", "4"]}
    definition = {
        "api-version": "0.4.0",
        "name": "footprint",
        "operators": [{"name": "sleeper", "container": container}],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pipeline.yaml")
        file.write_text(json.dumps(definition))
        command = [sys.executable, "-m", "cpost", str(file), folder, "--metrics_dir", folder]
        environ = {**os.environ, "CPOST_RECORD_DIR": folder}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ) as process:
            time.sleep(3)
            status = Path(f"/proc/{process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()
