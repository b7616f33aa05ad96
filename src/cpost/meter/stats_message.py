"""One message of ``GET /containers/<id>/stats``, in the shapes of its different senders.

Docker on cgroup v1 gives v1's names (``total_inactive_file``), Docker on v2 gives v2's, Podman
gives numbers without details. What a message does not tell is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cpost.meter.sample import Sample, Totals
from cpost.units import NS_PER_USEC, parse_timestamp_ns


def is_of_a_living_container(message: Mapping[str, Any]) -> bool:
    """Whether there are figures in it: of a container that has ended there are only names."""
    return bool(_cpu_usage(message).get("total_usage"))


def tells_memory(message: Mapping[str, Any]) -> bool:
    """Whether memory is accounted where it comes from."""
    return bool((message.get("memory_stats") or {}).get("usage"))


def read_time_ns(message: Mapping[str, Any]) -> int | None:
    """Return when the engine read the figures, unix time by its clock; None if it does not say."""
    return parse_timestamp_ns(str(message.get("read")))


def parse_message(message: Mapping[str, Any], at_ns: int, wall_ns: int) -> tuple[Sample, Totals]:
    """Return what a message tells of a living container that tells its memory."""
    usage = _cpu_usage(message)
    memory = message["memory_stats"]
    memory_bytes = int(memory["usage"])
    throttling = message["cpu_stats"].get("throttling_data") or {}
    throttled_usec = _usec(throttling.get("throttled_time"))
    read_bytes, write_bytes = _io_bytes(message.get("blkio_stats") or {})
    inactive_file_bytes, hard_bytes = _memory_details(memory_bytes, memory.get("stats") or {})
    cpu_usage_usec = int(usage["total_usage"]) // NS_PER_USEC
    sample = Sample(
        at_ns=at_ns,
        wall_ns=wall_ns,
        cpu_usage_usec=cpu_usage_usec,
        memory_bytes=memory_bytes,
        inactive_file_bytes=inactive_file_bytes,
        hard_bytes=hard_bytes,
        throttled_usec=throttled_usec,
        pids=(message.get("pids_stats") or {}).get("current"),
        io_read_bytes=read_bytes,
        io_write_bytes=write_bytes,
    )
    totals = Totals(
        cpu_usage_usec=cpu_usage_usec,
        cpu_user_usec=_usec(usage.get("usage_in_usermode")),
        cpu_system_usec=_usec(usage.get("usage_in_kernelmode")),
        memory_peak_bytes=memory.get("max_usage") or None,  # only of cgroup v1
        throttled_usec=throttled_usec,
        io_read_bytes=read_bytes,
        io_write_bytes=write_bytes,
    )
    return sample, totals


def _cpu_usage(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return (message.get("cpu_stats") or {}).get("cpu_usage") or {}


def _usec(nanoseconds: int | None) -> int | None:
    return None if nanoseconds is None else nanoseconds // NS_PER_USEC


def _memory_details(memory_bytes: int, stats: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Return the bytes of idle files, and all but what the kernel can take back.

    Too few of the kernel's own counters are told to add them up, so what it can take back is
    subtracted: files on its two lists, and (version 2 alone tells it) reclaimable slab memory.
    """
    prefix = "total_" if "total_inactive_file" in stats else ""
    inactive_file = stats.get(f"{prefix}inactive_file")
    active_file = stats.get(f"{prefix}active_file")
    if inactive_file is None or active_file is None:
        return inactive_file, None
    reclaimable = inactive_file + active_file + stats.get("slab_reclaimable", 0)
    return inactive_file, max(0, memory_bytes - reclaimable)


def _io_bytes(blkio: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return bytes read and written, all devices together; None where I/O is not told."""
    entries: Iterable[Mapping[str, Any]] | None = blkio.get("io_service_bytes_recursive")
    if entries is None:
        return None, None
    sums = {"read": 0, "write": 0}
    for entry in entries:
        kind = str(entry.get("op")).lower()
        if kind in sums:
            sums[kind] += int(entry["value"])
    return sums["read"], sums["write"]
