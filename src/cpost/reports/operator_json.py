"""One operator in the results of a session: figures, facts, doubts and requests."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cpost.meter.sample import Totals
from cpost.record.exit_code import signal_name
from cpost.record.run import HostUse, RunResult, StartUp
from cpost.reports.recommendation_json import recommendation_object
from cpost.reports.sidecar_json import operator_sidecars
from cpost.sizing.sized_run import SizedRun
from cpost.sizing.summary import Summary
from cpost.units import MCORES_PER_CORE, NS_PER_SECOND, USEC_PER_SECOND


def operator_object(sized: SizedRun) -> dict[str, Any]:
    """Return the object of one operator; what is not known is null."""
    result, totals, summary = sized.run.result, sized.run.result.totals, sized.summary
    return {
        "name": sized.run.operator,
        "state": result.state.value,
        **_ending(result),
        "duration_seconds": summary.duration_s,
        "unseen_end_seconds": _seconds(totals.unseen_end_usec),
        "meter": None if result.rung is None else result.rung.value,
        "samples": summary.sample_count,
        "cpu": {
            "total_seconds": summary.cpu_total_s,
            "user_seconds": _seconds(totals.cpu_user_usec),
            "system_seconds": _seconds(totals.cpu_system_usec),
            "average_cores": summary.cpu_average_cores,
            "maximum_cores": summary.cpu_maximum_cores,
        },
        "cores_profile": _cores_profile(summary),
        "throttled_seconds": _seconds(totals.throttled_usec),
        "memory": {
            "peak_bytes": summary.memory_peak_bytes,
            "hard_peak_bytes": summary.hard_peak_bytes,
            "working_set_peak_bytes": summary.working_set_peak_bytes,
            "average_bytes": summary.memory_average_bytes,
            "unseen_spike_bytes": summary.unseen_spike_bytes,
            "swap_peak_bytes": totals.swap_peak_bytes,
        },
        "pids_peak": summary.pids_peak,
        "io": {"read_bytes": totals.io_read_bytes, "write_bytes": totals.io_write_bytes},
        "pressure": _pressure(totals),
        "limits": _limits(totals),
        "start_up": _start_up(result.start_up),
        "host": _host(result.host_use),
        "gpu": None if result.gpu is None else asdict(result.gpu),
        "recommendation": recommendation_object(sized.recommendation),
        "sidecars": operator_sidecars(sized),
        "doubts": [{"kind": one.kind.value, "message": one.message} for one in sized.doubts],
        "warnings": list(sized.warnings),
    }


def _ending(result: RunResult) -> dict[str, Any]:
    code = result.exit_code
    return {
        "exit_code": code,
        "signal": (signal_name(code) or None) if code is not None else None,
        "oom_killed": result.oom_killed,
        "oom": {
            "kernel_kills": result.totals.oom_kills,
            "engine_flag": result.engine_oom_killed,
        },
    }


def _cores_profile(summary: Summary) -> list[float] | None:
    return None if summary.cores_profile_s is None else list(summary.cores_profile_s)


def _pressure(totals: Totals) -> dict[str, Any]:
    return {
        "cpu_some_seconds": _seconds(totals.cpu_some_usec),
        "memory_some_seconds": _seconds(totals.memory_some_usec),
        "memory_full_seconds": _seconds(totals.memory_full_usec),
        "io_some_seconds": _seconds(totals.io_some_usec),
        "io_full_seconds": _seconds(totals.io_full_usec),
    }


def _limits(totals: Totals) -> dict[str, Any]:
    quota = totals.cpu_limit_mcores
    return {
        "cpu_cores": None if quota is None else quota / MCORES_PER_CORE,
        "cpu_throttled_periods": totals.throttled_periods,
        "memory_bytes": totals.memory_limit_bytes,
        "memory_hits": totals.memory_limit_hits,
    }


def _start_up(start: StartUp) -> dict[str, Any]:
    return {
        "cpu_seconds": _seconds(start.cpu_usec),
        "memory_peak_bytes": start.memory_peak_bytes,
    }


def _host(host: HostUse) -> dict[str, Any]:
    return {
        "busy_seconds": _seconds(host.busy_usec),
        "stolen_seconds": _seconds(host.stolen_usec),
        "swapped_in_bytes": host.swapped_in_bytes,
        "swapped_out_bytes": host.swapped_out_bytes,
        "heat_throttles": host.heat_throttles,
        "cpu_count": host.cpu_count,
        "elapsed_seconds": None if host.elapsed_ns is None else host.elapsed_ns / NS_PER_SECOND,
    }


def _seconds(usec: int | None) -> float | None:
    return None if usec is None else usec / USEC_PER_SECOND
