"""One message of ``GET /containers/<id>/stats``, in the shapes of its different senders.

Docker on cgroup v1 gives v1's names (``total_inactive_file``), Docker on v2 gives v2's, Podman
gives numbers without details. What a message does not tell is None, and so is what cannot be true:
a number below zero, one beyond all counters of the kernel, or no number at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cpost.meter.sample import Sample, Totals
from cpost.units import NS_PER_USEC, parse_timestamp_ns

_TOO_MANY = 1 << 62  # what is beyond was below zero in the engine, or means "no limit"


def is_of_a_living_container(message: Mapping[str, Any]) -> bool:
    """Whether there are figures in it: of a container that has ended there are only names."""
    return bool(_number(_cpu_usage(message), "total_usage"))


def tells_memory(message: Mapping[str, Any]) -> bool:
    """Whether memory is accounted where it comes from."""
    return bool(_number(_part(message, "memory_stats"), "usage"))


def read_time_ns(message: Mapping[str, Any]) -> int | None:
    """Return when the engine read the figures, unix time by its clock; None if it does not say."""
    read_ns = parse_timestamp_ns(str(message.get("read")))
    return read_ns if read_ns is not None and 0 < read_ns < _TOO_MANY else None


def parse_message(
    message: Mapping[str, Any], at_ns: int, wall_ns: int
) -> tuple[Sample, Totals] | None:
    """Return what a message tells; None if it is not of a living container, or tells no memory."""
    usage = _cpu_usage(message)
    memory = _part(message, "memory_stats")
    memory_bytes = _number(memory, "usage")
    cpu_usage_usec = _usec(_number(usage, "total_usage"))
    if memory_bytes is None or cpu_usage_usec is None:
        return None
    throttling = _part(_part(message, "cpu_stats"), "throttling_data")
    throttled_usec = _usec(_number(throttling, "throttled_time"))
    read_bytes, write_bytes = _io_bytes(_part(message, "blkio_stats"))
    inactive_file_bytes, hard_bytes = _memory_details(memory_bytes, _part(memory, "stats"))
    sample = Sample(
        at_ns=at_ns,
        wall_ns=wall_ns,
        cpu_usage_usec=cpu_usage_usec,
        memory_bytes=memory_bytes,
        inactive_file_bytes=inactive_file_bytes,
        hard_bytes=hard_bytes,
        throttled_usec=throttled_usec,
        pids=_number(_part(message, "pids_stats"), "current"),
        io_read_bytes=read_bytes,
        io_write_bytes=write_bytes,
    )
    totals = Totals(
        cpu_usage_usec=cpu_usage_usec,
        cpu_user_usec=_usec(_number(usage, "usage_in_usermode")),
        cpu_system_usec=_usec(_number(usage, "usage_in_kernelmode")),
        memory_peak_bytes=_number(memory, "max_usage") or None,  # only of cgroup v1
        throttled_usec=throttled_usec,
        io_read_bytes=read_bytes,
        io_write_bytes=write_bytes,
    )
    return sample, totals


def _part(whole: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = whole.get(key)
    return part if isinstance(part, Mapping) else {}


def _number(part: Mapping[str, Any], key: str) -> int | None:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _TOO_MANY:
        return None
    return value


def _cpu_usage(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(_part(message, "cpu_stats"), "cpu_usage")


def _usec(nanoseconds: int | None) -> int | None:
    return None if nanoseconds is None else nanoseconds // NS_PER_USEC


def _memory_details(memory_bytes: int, stats: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the bytes of idle files, and all but what the kernel can take back.

    Too few of the kernel's own counters are told to add them up, so what it can take back is
    subtracted: files on its two lists, and (version 2 alone tells it) reclaimable slab memory.
    """
    prefix = "total_" if "total_inactive_file" in stats else ""
    inactive_file = _number(stats, f"{prefix}inactive_file")
    active_file = _number(stats, f"{prefix}active_file")
    slab = _number(stats, "slab_reclaimable") if "slab_reclaimable" in stats else 0
    if inactive_file is None or active_file is None or slab is None:
        return inactive_file, None
    return inactive_file, max(0, memory_bytes - inactive_file - active_file - slab)


def _io_bytes(blkio: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return bytes read and written, all devices together; None where I/O is not told."""
    entries = blkio.get("io_service_bytes_recursive")
    if not isinstance(entries, list):
        return None, None
    sums = {"read": 0, "write": 0}
    for entry in entries:
        kind = entry.get("op") if isinstance(entry, Mapping) else None
        if not isinstance(kind, str):
            return None, None  # a sum of the others would be too small
        if kind.lower() in sums:
            value = _number(entry, "value")
            if value is None:
                return None, None
            sums[kind.lower()] += value
    return sums["read"], sums["write"]
