"""The figures of servers beside operators: what each operator made them use, what they request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cpost.errors import RecordError
from cpost.meter.sample import Sample
from cpost.record.run import Run
from cpost.record.sidecar import Idleness, SidecarFacts, SidecarRun
from cpost.sizing.gpus import with_gpus
from cpost.sizing.recommendation import Recommendation, withheld
from cpost.sizing.strategies import classic
from cpost.sizing.usage import usage
from cpost.units import NS_PER_SECOND, NS_PER_USEC, USEC_PER_SECOND

_N = TypeVar("_N", int, float)


@dataclass(frozen=True, slots=True)
class SizedSidecar:
    """What one server used during one run; None where nothing is known.

    ``charged_cpu_s`` is the CPU time that the operator caused: what the server used while it
    executed, less what the server uses in so long a time for nobody. ``base_bytes`` is what it
    held just before, its models loaded; ``memory_peak_bytes`` the most while the operator executed.
    ``window_s`` is how long that was.
    """

    operator: str
    facts: SidecarFacts
    window_s: float | None = None
    cpu_total_s: float | None = None
    charged_cpu_s: float | None = None
    cpu_maximum_cores: float | None = None
    base_bytes: int | None = None
    memory_average_bytes: int | None = None
    memory_peak_bytes: int | None = None
    sample_count: int = 0

    @property
    def idle_cores(self) -> float | None:
        """What the server uses while nobody asks it."""
        return None if self.facts.idle is None else idle_cores(self.facts.idle)

    @property
    def cpu_average_cores(self) -> float | None:
        """Its CPU time by the length of the run."""
        return _ratio(self.cpu_total_s, self.window_s)

    @property
    def caused_bytes(self) -> int | None:
        """How much more it held at most than before the operator was started."""
        if self.memory_peak_bytes is None or self.base_bytes is None:
            return None
        return max(0, self.memory_peak_bytes - self.base_bytes)


@dataclass(frozen=True, slots=True)
class SidecarSummary:
    """One server over all the runs that it stood beside, and what it should request.

    ``memory_peak_bytes`` is base and most in use together: the most that it held in any run.
    """

    runs: tuple[SizedSidecar, ...]
    cpu_average_cores: float | None
    cpu_maximum_cores: float | None
    base_bytes: int | None
    memory_average_bytes: int | None
    memory_peak_bytes: int | None
    recommendation: Recommendation

    @property
    def facts(self) -> SidecarFacts:
        """Which server it is."""
        return self.runs[0].facts


def idle_cores(idle: Idleness) -> float:
    """Return the rate of a server that nobody asks anything."""
    return idle.cpu_usec * NS_PER_USEC / idle.duration_ns if idle.duration_ns else 0.0


def size_sidecars(run: Run) -> tuple[SizedSidecar, ...]:
    """Return the figures of all servers beside one run, in the order in which it names them."""
    return tuple(_size(run.operator, one) for one in run.sidecars)


def summarise_sidecars(sized: Iterable[SizedSidecar]) -> tuple[SidecarSummary, ...]:
    """Return one summary a server: same kind, name, image and command, in order of appearance."""
    groups: dict[tuple[object, ...], list[SizedSidecar]] = {}
    for one in sized:
        facts = one.facts
        groups.setdefault((facts.kind, facts.name, facts.image, facts.command), []).append(one)
    return tuple(map(_summary, groups.values()))


def _size(operator: str, sidecar: SidecarRun) -> SizedSidecar:
    first: Sample | None = None
    last: Sample | None = None
    try:
        used = usage(sidecar.samples)
        for sample in sidecar.samples:
            first = first or sample
            last = sample
    except RecordError as error:
        warnings = (*sidecar.facts.warnings, str(error))
        return SizedSidecar(operator, replace(sidecar.facts, warnings=warnings))
    if first is None or last is None:
        return SizedSidecar(operator, sidecar.facts)
    total_s = max(0, last.cpu_usage_usec - first.cpu_usage_usec) / USEC_PER_SECOND
    window_s = (last.at_ns - first.at_ns) / NS_PER_SECOND
    idle = sidecar.facts.idle
    charged_s = None if idle is None else max(0.0, total_s - idle_cores(idle) * window_s)
    return SizedSidecar(
        operator=operator,
        facts=sidecar.facts,
        window_s=window_s,
        cpu_total_s=total_s,
        charged_cpu_s=charged_s,
        cpu_maximum_cores=_most((used.cpu_window_cores, _ratio(total_s, window_s))),
        base_bytes=first.memory_bytes,
        memory_average_bytes=used.memory_average_bytes,
        memory_peak_bytes=_peak_bytes(first, last, used.memory_maximum_bytes),
        sample_count=used.sample_count,
    )


def _peak_bytes(first: Sample, last: Sample, sampled_bytes: int | None) -> int | None:
    """Return the most that was held between two samples.

    A high-water mark that rose meanwhile is exact; one that did not is of an earlier time, when
    models were loaded or another operator executed.
    """
    before, after = first.memory_peak_bytes, last.memory_peak_bytes
    return after if before is not None and after is not None and after > before else sampled_bytes


def _summary(runs: Sequence[SizedSidecar]) -> SidecarSummary:
    total_s = _sum(one.cpu_total_s for one in runs)
    window_s = _sum(one.window_s for one in runs)
    cores = _most(one.cpu_maximum_cores for one in runs)
    peak_bytes = _most(one.memory_peak_bytes for one in runs)
    averages = [
        (one.memory_average_bytes, one.window_s)
        for one in runs
        if one.memory_average_bytes is not None and one.window_s
    ]
    weight_s = sum(seconds for _, seconds in averages)
    average = sum(held * seconds for held, seconds in averages) / weight_s if weight_s else None
    return SidecarSummary(
        runs=tuple(runs),
        cpu_average_cores=_ratio(total_s, window_s),
        cpu_maximum_cores=cores,
        base_bytes=_most(one.base_bytes for one in runs),
        memory_average_bytes=None if average is None else round(average),
        memory_peak_bytes=peak_bytes,
        recommendation=_recommended(runs, cores, peak_bytes),
    )


def _recommended(
    runs: Sequence[SizedSidecar], cores: float | None, peak_bytes: int | None
) -> Recommendation:
    ended = next((one.facts.ended for one in runs if one.facts.ended is not None), None)
    if ended is not None:
        return withheld(classic.NAME, f"it ended: {ended}")
    if cores is None or peak_bytes is None:
        return withheld(classic.NAME, "not measured")
    return with_gpus(classic.requests(cores, peak_bytes), [one.facts.gpu for one in runs])


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _most(values: Iterable[_N | None]) -> _N | None:
    return max((value for value in values if value is not None), default=None)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
