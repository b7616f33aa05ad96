"""The results of a session as one JSON object; ``docs/result.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cpost.record.files import not_kept, write_atomically
from cpost.record.host import HostFacts
from cpost.sizing.recommendation import Recommendation
from cpost.sizing.sized_run import SizedRun
from cpost.sizing.summary import Summary

SCHEMA_VERSION = 1


def result_object(
    session_id: str, pipeline: str, host: HostFacts, runs: Sequence[SizedRun]
) -> dict[str, Any]:
    """Return the object; ``runs`` in the order of execution, skipped operators among them."""
    return {
        "schema_version": SCHEMA_VERSION,
        "session": session_id,
        "pipeline": pipeline,
        "host": asdict(host),
        "operators": [_operator(one) for one in runs],
    }


def result_text(result: dict[str, Any]) -> str:
    """Return the object as it is printed and stored."""
    return json.dumps(result, indent=2, allow_nan=False) + "\n"


def write_result(result: dict[str, Any], path: Path) -> None:
    """Write the object to ``path``: all of it, or the file that was there stays; RecordError.

    A device or a pipe is written to, not replaced.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(result_text(result), encoding="utf-8")
        else:
            write_atomically(path.resolve(), result_text(result))
    except OSError as error:
        raise not_kept(path, error, "--json FILE") from error


def _operator(sized: SizedRun) -> dict[str, Any]:
    result = sized.run.result
    return {
        "name": sized.run.operator,
        "state": result.state.value,
        "exit_code": result.exit_code,
        "oom_killed": result.oom_killed,
        "duration_seconds": sized.summary.duration_s,
        "meter": None if result.rung is None else result.rung.value,
        "samples": sized.summary.sample_count,
        **_usage(sized.summary),
        "recommendation": _recommendation(sized.recommendation),
        "warnings": list(sized.warnings),
    }


def _usage(summary: Summary) -> dict[str, Any]:
    return {
        "cpu": {
            "total_seconds": summary.cpu_total_s,
            "average_cores": summary.cpu_average_cores,
            "maximum_cores": summary.cpu_maximum_cores,
        },
        "memory": {
            "peak_bytes": summary.memory_peak_bytes,
            "hard_peak_bytes": summary.hard_peak_bytes,
            "working_set_peak_bytes": summary.working_set_peak_bytes,
            "average_bytes": summary.memory_average_bytes,
        },
    }


def _recommendation(recommended: Recommendation) -> dict[str, Any]:
    requests = None
    if recommended.cpu_cores is not None and recommended.memory_mib is not None:
        requests = {"cpu": recommended.cpu_cores, "memory_mib": recommended.memory_mib}
    return {
        "strategy": recommended.strategy,
        "requests": requests,
        "reason": recommended.reason,
    }
