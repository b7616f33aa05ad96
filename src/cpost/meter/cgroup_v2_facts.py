"""What is read about once a second of a cgroup of version 2: limits, events, pressure, I/O."""

from __future__ import annotations

from pathlib import Path

from cpost.meter import cgroup_texts
from cpost.meter.cgroup_texts import tightest
from cpost.meter.counter_file import CounterFile, HeldFiles
from cpost.meter.keyed_file import find_number
from cpost.meter.seldom_facts import Facts, SeldomFacts, Take


class FactsV2:
    """Of ``directory``, and of ``own``, the container's own cgroup, where its limits stand."""

    def __init__(self, directory: Path, own: Path | None, files: HeldFiles) -> None:
        self._facts = facts = SeldomFacts()
        self._throttling = SeldomFacts(beside=facts)
        self._alone = own == directory
        facts.add(files.want(directory / "memory.events"), _events, urgent=self._alone)
        if own is not None:
            self._throttling.add(files.want(own / "cpu.stat"), _throttling)
            facts.add(files.want(own / "memory.max"), _limit("own_memory"))
            facts.add(files.want(own / "cpu.max"), _quota("own_cpu"))
        if not self._alone:
            facts.add(files.want(directory / "memory.max"), _limit("memory"))
            facts.add(files.want(directory / "cpu.max"), _quota("cpu"))
        swap_peak = files.want(directory / "memory.swap.peak")  # Linux 6.5
        facts.add(swap_peak, _limit("swap_peak_bytes"))
        if swap_peak is None:
            facts.add(files.want(directory / "memory.swap.current"), self._highest_swap)
        self._pids_peak = files.want(directory / "pids.peak")  # Linux 6.1
        facts.add(self._pids_peak, _limit("pids_peak"))
        facts.add(files.want(directory / "io.stat"), _io)
        for resource in ("cpu", "memory", "io"):
            facts.add(files.want(directory / f"{resource}.pressure"), _pressure(resource))

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
        self._throttling.read()

    def read_urgent(self, pids: int | None) -> None:
        """Read what may be gone with the container a moment later; ``pids`` are those of now."""
        if self._pids_peak is None:
            self._facts.keep_highest("pids_peak", pids)
        self._facts.read_urgent()
        if self.known.get("own_cpu") is not None:  # without a quota nobody is throttled
            self._throttling.read()

    def totals(self) -> Facts:
        """Return the figures by their names in ``Totals``."""
        known = dict(self.known)
        for name, resource in (("memory_limit_bytes", "memory"), ("cpu_limit_mcores", "cpu")):
            known[name] = tightest(known.pop(f"own_{resource}", None), known.pop(resource, None))
        return known

    def _highest_swap(self, file: CounterFile, text: bytes) -> Facts:
        now_bytes = cgroup_texts.limit(file, text) or 0
        return {"swap_peak_bytes": max(now_bytes, self.known.get("swap_peak_bytes") or 0)}


def _events(file: CounterFile, text: bytes) -> Facts:
    return {
        "oom_kills": find_number(file, text, b"oom_kill"),
        "memory_limit_hits": find_number(file, text, b"max"),
    }


def _throttling(file: CounterFile, text: bytes) -> Facts:
    return {
        "throttled_usec": find_number(file, text, b"throttled_usec"),
        "throttled_periods": find_number(file, text, b"nr_throttled"),
    }


def _limit(name: str) -> Take:
    return lambda file, text: {name: cgroup_texts.limit(file, text)}


def _quota(name: str) -> Take:
    return lambda file, text: {name: cgroup_texts.quota_mcores(file, text)}


def _io(file: CounterFile, text: bytes) -> Facts:
    read_bytes, write_bytes = cgroup_texts.io_bytes_v2(file, text)
    return {"io_read_bytes": read_bytes, "io_write_bytes": write_bytes}


def _pressure(resource: str) -> Take:
    def take(file: CounterFile, text: bytes) -> Facts:
        waited_usec = cgroup_texts.pressure_usec(file, text)
        known: Facts = {f"{resource}_some_usec": waited_usec.get("some")}
        if resource != "cpu":  # nothing is left to wait for when all wait for a processor
            known[f"{resource}_full_usec"] = waited_usec.get("full")
        return known

    return take
