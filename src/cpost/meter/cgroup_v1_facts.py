"""What is read of a cgroup of version 1 about once a second, or because it may be gone soon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cpost.meter import cgroup_texts
from cpost.meter.cgroup_texts import tightest
from cpost.meter.counter_file import CounterFile, HeldFiles
from cpost.meter.keyed_file import find_number
from cpost.meter.seldom_facts import Facts, SeldomFacts, Take
from cpost.units import MCORES_PER_CORE, NS_PER_USEC

_LIMIT_HITS = {"memory.failcnt": "own_hits", "memory.memsw.failcnt": "own_swap_hits"}


class FactsV1:
    """Of ``directories`` (by controller), and of ``own``, where the container's limits stand."""

    def __init__(
        self, directories: Mapping[str, Path], own: Mapping[str, Path], files: HeldFiles
    ) -> None:
        self._facts = facts = SeldomFacts()

        def want(of: Mapping[str, Path], controller: str, name: str) -> CounterFile | None:
            return files.want(of[controller] / name) if controller in of else None

        facts.add(want(own, "memory", "memory.oom_control"), _oom, urgent=True)
        # Where the limit with swap is the same as without, it is the former that is reached first:
        # Linux 6.18 counts no such hits any more, earlier kernels do.
        for name, hits in _LIMIT_HITS.items():
            facts.add(want(own, "memory", name), _number(hits), urgent=True)
        facts.add(want(own, "cpu", "cpu.stat"), _throttling, urgent=True)
        for whose, of in {"own": own, "": directories}.items():
            limit = want(of, "memory", "memory.limit_in_bytes")
            facts.add(limit, _limit(f"{whose}_memory"))
            facts.add(want(of, "cpu", "cpu.cfs_quota_us"), _quota(f"{whose}_quota"))
            facts.add(want(of, "cpu", "cpu.cfs_period_us"), _number(f"{whose}_period"))
        # Linux 5.0 has the recursive file; before it only the container's own cgroup counts.
        recursive = "blkio.throttle.io_service_bytes_recursive"
        io = want(directories, "blkio", recursive)
        facts.add(io or want(own, "blkio", "blkio.throttle.io_service_bytes"), _io)
        self._pids_peak = want(directories, "pids", "pids.peak")  # Linux 6.1
        facts.add(self._pids_peak, _number("pids_peak"))

    @property
    def known(self) -> Facts:
        """What the last readings told; what is not in it is not told here."""
        return self._facts.known

    @property
    def notes(self) -> list[str]:
        """What could not be read, and why."""
        return self._facts.notes

    def read(self) -> None:
        """Read all of it now."""
        self._facts.read()

    def read_urgent(self, pids: int | None, swap_bytes: int | None) -> None:
        """Read what may be gone with the container a moment later, given what was just read."""
        self._facts.keep_highest("swap_peak_bytes", swap_bytes)
        if self._pids_peak is None:
            self._facts.keep_highest("pids_peak", pids)
        self._facts.read_urgent()

    def totals(self) -> Facts:
        """Return the figures by their names in ``Totals``."""
        known = dict(self.known)
        limits, quotas = [], []
        for whose in ("own", ""):
            limits.append(known.pop(f"{whose}_memory", None))
            quota_usec = known.pop(f"{whose}_quota", None)
            period_usec = known.pop(f"{whose}_period", None)
            if quota_usec is not None and period_usec:
                quotas.append(quota_usec * MCORES_PER_CORE // period_usec)
        hits = [known.pop(name, None) for name in _LIMIT_HITS.values()]
        counted = [one for one in hits if one is not None]
        known["memory_limit_hits"] = sum(counted) if counted else None
        known["memory_limit_bytes"] = tightest(*limits)
        known["cpu_limit_mcores"] = tightest(*quotas)
        return known


def _oom(file: CounterFile, text: bytes) -> Facts:
    return {"oom_kills": find_number(file, text, b"oom_kill")}  # Linux 4.13


def _throttling(file: CounterFile, text: bytes) -> Facts:
    throttled_ns = find_number(file, text, b"throttled_time")
    return {
        "throttled_usec": throttled_ns // NS_PER_USEC if throttled_ns is not None else None,
        "throttled_periods": find_number(file, text, b"nr_throttled"),
    }


def _number(name: str) -> Take:
    return lambda file, text: {name: cgroup_texts.number(file, text)}


def _limit(name: str) -> Take:
    return lambda file, text: {name: cgroup_texts.limit_v1_bytes(file, text)}


def _quota(name: str) -> Take:
    # -1: no quota
    return lambda file, text: {
        name: cgroup_texts.number(file, text) if not text.startswith(b"-") else None
    }


def _io(file: CounterFile, text: bytes) -> Facts:
    read_bytes, write_bytes = cgroup_texts.io_bytes_v1(file, text)
    return {"io_read_bytes": read_bytes, "io_write_bytes": write_bytes}
