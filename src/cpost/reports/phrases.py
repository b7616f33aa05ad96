"""What is known of a run in a few words each; empty where nothing is, never a 0 in its place."""

from __future__ import annotations

from cpost.meter.sample import Rung
from cpost.record.exit_code import signal_name
from cpost.record.run import RunResult
from cpost.sizing.summary import Summary
from cpost.units import (
    MCORES_PER_CORE,
    USEC_PER_SECOND,
    format_decimal_bytes,
    format_megabytes,
    format_seconds,
)

_FEW_CORES = 4  # so many are told one by one, more in powers of two


def memory(summary: Summary, result: RunResult) -> str:
    """Return the three memories, and what else is known of memory."""
    facts = []
    if summary.hard_peak_bytes is not None:
        facts.append(f"hard {format_megabytes(summary.hard_peak_bytes)}")
    if summary.working_set_peak_bytes is not None:
        facts.append(f"working set {format_megabytes(summary.working_set_peak_bytes)}")
    if summary.memory_peak_bytes is not None:
        # A tree of processes is added up without page cache.
        cache = "" if result.rung is Rung.PROCESS_TREE else " (page cache included)"
        facts.append(f"peak {format_megabytes(summary.memory_peak_bytes)}{cache}")
    if summary.unseen_spike_bytes:
        facts.append(f"{format_megabytes(summary.unseen_spike_bytes)} of it in no sample")
    if result.totals.swap_peak_bytes:
        facts.append(f"swapped out {format_megabytes(result.totals.swap_peak_bytes)}")
    if result.totals.memory_limit_bytes is not None:
        facts.append(f"limit {format_megabytes(result.totals.memory_limit_bytes)}")
    return ", ".join(facts)


def cpu(summary: Summary, result: RunResult) -> str:
    """Return all CPU time, and what a quota held back."""
    facts = []
    if summary.cpu_total_s is not None:
        facts.append(f"{summary.cpu_total_s:.3f} s")
    quota = result.totals.cpu_limit_mcores
    throttled_usec = result.totals.throttled_usec
    # Without a quota nothing can be throttled, and nobody needs to be told so.
    if throttled_usec is not None and (throttled_usec or quota is not None):
        facts.append(f"{_usec(throttled_usec)} throttled")
    if quota is not None:
        facts.append(f"quota {quota / MCORES_PER_CORE:g} cores")
    return ", ".join(facts)


def cores(summary: Summary) -> str:
    """Return the profile of cores: each number up to four, then powers of two and the last."""
    times_s = summary.cores_profile_s or ()
    most = len(times_s)
    told = [k for k in range(1, most + 1) if most <= _FEW_CORES or _is_power_of_two(k) or k == most]
    facts = [f"{count_of(k, 'core')} for {format_seconds(times_s[k - 1])}" for k in told]
    return f"at least {', '.join(facts)}" if facts else ""


def waited(result: RunResult) -> str:
    """Return the time in which at least one of its processes waited, and for what."""
    totals = result.totals
    waits = {
        "CPU": totals.cpu_some_usec,
        "memory": totals.memory_some_usec,
        "I/O": totals.io_some_usec,
    }
    return ", ".join(f"{name} {_usec(usec)}" for name, usec in waits.items() if usec is not None)


def processes(summary: Summary) -> str:
    """Return the most processes and threads at a time."""
    return "" if summary.pids_peak is None else f"processes and threads at most {summary.pids_peak}"


def io(result: RunResult) -> str:
    """Return what it read from devices and wrote to them."""
    facts = []
    if result.totals.io_read_bytes is not None:
        facts.append(f"read {format_decimal_bytes(result.totals.io_read_bytes)}")
    if result.totals.io_write_bytes is not None:
        facts.append(f"wrote {format_decimal_bytes(result.totals.io_write_bytes)}")
    return ", ".join(facts)


def ending(result: RunResult) -> str:
    """Return how a run ended where a kill or a signal did it; empty else."""
    kills, flag = result.totals.oom_kills, result.engine_oom_killed
    if kills or flag:
        told = []
        if kills is not None:
            told.append(f"kernel: {count_of(kills, 'kill')}")
        if flag is not None:
            told.append(f"engine's flag: {'yes' if flag else 'no'}")
        return f"killed for memory ({'; '.join(told)})"
    signal = signal_name(result.exit_code) if result.exit_code else ""
    return f"exit {result.exit_code} ({signal})" if signal else ""


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 kill``, ``2 kills``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _usec(usec: int) -> str:
    return format_seconds(usec / USEC_PER_SECOND)


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
