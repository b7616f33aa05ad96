"""Messages of ``GET /containers/<id>/stats`` as different engines send them, shortened."""

from __future__ import annotations

from typing import Any

DOCKER_V1: dict[str, Any] = {
    "read": "2024-05-01T10:00:00.801995084Z",
    "preread": "0001-01-01T00:00:00Z",
    "pids_stats": {"current": 3},
    "blkio_stats": {
        "io_service_bytes_recursive": [
            {"major": 8, "minor": 0, "op": "Read", "value": 4096},
            {"major": 8, "minor": 0, "op": "Write", "value": 512},
            {"major": 8, "minor": 0, "op": "Total", "value": 4608},
        ]
    },
    "cpu_stats": {
        "cpu_usage": {
            "total_usage": 25404292,
            "usage_in_kernelmode": 10000000,
            "usage_in_usermode": 15000000,
        },
        "throttling_data": {"periods": 1, "throttled_periods": 1, "throttled_time": 7000},
    },
    "precpu_stats": {"cpu_usage": {"total_usage": 99}},
    "memory_stats": {
        "usage": 100000,
        "max_usage": 200000,
        "stats": {
            "active_file": 1,
            "inactive_file": 2,
            "total_active_file": 10000,
            "total_inactive_file": 20000,
        },
    },
}

DOCKER_V2: dict[str, Any] = {
    "read": "2024-05-01T10:00:01.5Z",
    "pids_stats": {"current": 3, "limit": 99},
    "blkio_stats": {
        "io_service_bytes_recursive": [
            {"major": 8, "minor": 0, "op": "read", "value": 4096},
            {"major": 8, "minor": 16, "op": "read", "value": 4},
            {"major": 8, "minor": 0, "op": "write", "value": 512},
        ]
    },
    "cpu_stats": {
        "cpu_usage": {
            "total_usage": 25404292,
            "usage_in_kernelmode": 10000000,
            "usage_in_usermode": 15000000,
        },
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    },
    "memory_stats": {
        "usage": 100000,
        "stats": {"active_file": 10000, "inactive_file": 20000, "slab_reclaimable": 5000},
    },
}

PODMAN: dict[str, Any] = {
    "read": "2024-05-01T12:00:01.25+02:00",
    "pids_stats": {"current": 3},
    "blkio_stats": {"io_service_bytes_recursive": None},
    "cpu_stats": {
        "cpu_usage": {"total_usage": 25404292, "usage_in_kernelmode": 10000000},
        "throttling_data": {},
    },
    "memory_stats": {"usage": 100000, "max_usage": 0, "stats": None},
}

ENDED: dict[str, Any] = {
    "read": "0001-01-01T00:00:00Z",
    "pids_stats": {},
    "blkio_stats": {"io_service_bytes_recursive": None},
    "cpu_stats": {"cpu_usage": {"total_usage": 0}, "throttling_data": {}},
    "memory_stats": {},
}
