"""Outcomes as they could have been measured."""

from __future__ import annotations

from typing import Any

MIB = 1 << 20


def burner(own_usec: int, cpu_usec: int, **more: Any) -> dict[str, Any]:
    return {
        "name": "burner",
        "peak_bytes": 9 * MIB,
        "kernel_peak_bytes": 9 * MIB,
        "docker_stats_bytes": None,
        "psrecord_bytes": None,
        "own_cpu_usec": own_usec,
        "cpu_usec": cpu_usec,
        "maximum_cores": 1.0,
        "docker_stats_cpu_usec": None,
        "psrecord_cpu_usec": None,
        **more,
    }


def holder(held_mib: int, hard_mib: float | None, cache_mib: int = 0) -> dict[str, Any]:
    return {
        "name": "holder",
        "peak_bytes": 300 * MIB,
        "kernel_peak_bytes": 300 * MIB,
        "docker_stats_bytes": 150 * MIB,
        "psrecord_bytes": None,
        "held_bytes": held_mib * MIB,
        "held_cache_bytes": cache_mib * MIB,
        "hard_bytes": None if hard_mib is None else round(hard_mib * MIB),
    }


def spike(peak_mib: int, sampled_mib: int, *, warned: bool) -> dict[str, Any]:
    return {
        "name": "spike",
        "peak_bytes": peak_mib * MIB,
        "kernel_peak_bytes": peak_mib * MIB,
        "docker_stats_bytes": 10 * MIB,
        "psrecord_bytes": 205 * MIB,
        "milliseconds": 5,
        "spike_bytes": 200 * MIB,
        "lasted_usec": 31_000,
        "sampled_bytes": sampled_mib * MIB,
        "warned": warned,
    }


def outcome(kind: str = "cgroup-v1", **data: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "host": {
            "kind": kind,
            "kernel": "6.1",
            "cpu_count": 2,
            "cpu_model": "Some CPU",
            "python": "3.11.2",
            "engine": "20.10",
            "cgroup_driver": "cgroupfs",
        },
        "parts": {
            name: {
                "measured": "2026-01-02 03:04",
                "commit": "abc1234",
                "sizes": "full",
                "note": "",
                "load_before": 0.1,
                "took_s": 1,
                "data": one,
            }
            for name, one in data.items()
        },
    }
