"""The results of a session as one JSON object; ``docs/result.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cpost.record.files import not_kept, write_atomically
from cpost.record.host import HostFacts
from cpost.record.run import OwnUse
from cpost.reports.operator_json import operator_object
from cpost.reports.sidecar_json import session_sidecars
from cpost.sizing.sized_run import SizedRun
from cpost.units import NS_PER_SECOND, USEC_PER_SECOND

SCHEMA_VERSION = 1
RESULT_FILE = "result.json"  # its name in the directory of a session


def result_object(
    session_id: str,
    pipeline: str,
    host: HostFacts,
    runs: Sequence[SizedRun],
    own_use: OwnUse | None = None,
) -> dict[str, Any]:
    """Return the object; ``runs`` in the order of execution, skipped operators among them."""
    return {
        "schema_version": SCHEMA_VERSION,
        "session": session_id,
        "pipeline": pipeline,
        "host": asdict(host),
        "profiler": None if own_use is None else _profiler(own_use),
        "operators": [operator_object(one) for one in runs],
        "sidecars": session_sidecars(runs),
    }


def result_text(result: dict[str, Any]) -> str:
    """Return the object as it is printed and stored."""
    return json.dumps(result, indent=2, allow_nan=False) + "\n"


def write_result(result: dict[str, Any], path: Path, option: str) -> None:
    """Write the object to ``path``: all of it, or the file that was there stays; RecordError.

    A device or a pipe is written to, not replaced. ``option`` is what would choose another place.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(result_text(result), encoding="utf-8")
        else:
            write_atomically(path.resolve(), result_text(result))
    except OSError as error:
        raise not_kept(path, error, option) from error


def _profiler(own: OwnUse) -> dict[str, Any]:
    return {
        "wall_seconds": own.wall_ns / NS_PER_SECOND,
        "cpu_seconds": own.cpu_usec / USEC_PER_SECOND,
        "memory_peak_bytes": own.memory_peak_bytes,
        "samples": own.samples,
        "late_p50_seconds": _seconds(own.late_p50_ns),
        "late_p99_seconds": _seconds(own.late_p99_ns),
    }


def _seconds(ns: int | None) -> float | None:
    return None if ns is None else ns / NS_PER_SECOND
