"""Servers beside operators in the results of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cpost.record.sidecar import ModelUse, SidecarFacts
from cpost.reports.recommendation_json import recommendation_object
from cpost.reports.sidecar_facts import sidecar_summaries
from cpost.sizing.sidecars import SidecarSummary, SizedSidecar
from cpost.sizing.sized_run import SizedRun
from cpost.units import NS_PER_SECOND, USEC_PER_SECOND


def operator_sidecars(sized: SizedRun) -> list[dict[str, Any]]:
    """Return the servers beside one operator; what is not known is null."""
    return [_run_object(one) for one in sized.sidecars]


def session_sidecars(runs: Sequence[SizedRun]) -> list[dict[str, Any]]:
    """Return the servers of a session, and what each should request."""
    return [_summary_object(one) for one in sidecar_summaries(runs)]


def _run_object(sidecar: SizedSidecar) -> dict[str, Any]:
    facts = sidecar.facts
    ready_ns = facts.ready_after_ns
    models = None if facts.models is None else [_model_object(one) for one in facts.models]
    return {
        **_which(facts),
        "meter": None if facts.rung is None else facts.rung.value,
        "samples": sidecar.sample_count,
        "ready_after_seconds": None if ready_ns is None else ready_ns / NS_PER_SECOND,
        "idle_cores": sidecar.idle_cores,
        "charged_cpu_seconds": sidecar.charged_cpu_s,
        "cpu": {
            "total_seconds": sidecar.cpu_total_s,
            "average_cores": sidecar.cpu_average_cores,
            "maximum_cores": sidecar.cpu_maximum_cores,
        },
        "memory": {
            "base_bytes": sidecar.base_bytes,
            "average_bytes": sidecar.memory_average_bytes,
            "peak_bytes": sidecar.memory_peak_bytes,
        },
        "gpu": None if facts.gpu is None else asdict(facts.gpu),
        "models": models,
        "ended": facts.ended,
        "warnings": list(facts.warnings),
    }


def _summary_object(summary: SidecarSummary) -> dict[str, Any]:
    return {
        **_which(summary.facts),
        "operators": list(dict.fromkeys(one.operator for one in summary.runs)),
        "cpu": {
            "average_cores": summary.cpu_average_cores,
            "maximum_cores": summary.cpu_maximum_cores,
        },
        "memory": {
            "base_bytes": summary.base_bytes,
            "average_bytes": summary.memory_average_bytes,
            "peak_bytes": summary.memory_peak_bytes,
        },
        "recommendation": recommendation_object(summary.recommendation),
    }


def _which(facts: SidecarFacts) -> dict[str, Any]:
    return {"name": facts.name, "kind": facts.kind, "image": facts.image}


def _model_object(use: ModelUse) -> dict[str, Any]:
    return {
        "name": use.model,
        "requests": use.requests,
        "inferences": use.inferences,
        "failures": use.failures,
        "queue_seconds": use.queue_usec / USEC_PER_SECOND,
        "compute_seconds": use.compute_usec / USEC_PER_SECOND,
    }
