"""What one sample costs, as ``benchmarks/sample_cost.py`` measures it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.truth.session import NotMeasuredError
from benchmarks.truth.sizes import Sizes
from benchmarks.truth.watched import Bench

_SCRIPT = Path(__file__).parents[1] / "sample_cost.py"
_LINE = re.compile(r"^one sample \((.+cgroup.+)\) +([\d.]+) +([\d.]+)$", re.MULTILINE)


def measure(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Return the rung, and microseconds for all files of it together."""
    del bench
    command = [sys.executable, str(_SCRIPT), str(sizes.samples)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    found = _LINE.search(ended.stdout)
    if found is None:
        raise NotMeasuredError(f"{_SCRIPT.name} tells no sample: {ended.stdout} {ended.stderr}")
    return {"rung": found[1], "p50_us": float(found[2]), "p99_us": float(found[3])}
