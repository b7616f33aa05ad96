"""The figures of one stored run."""

from __future__ import annotations

from dataclasses import dataclass

from cpost.record.run import Run
from cpost.sizing.memory_spike import unseen_spike_bytes
from cpost.sizing.usage import WINDOW_NS, Usage, cpu_total_usec, duration_ns
from cpost.units import NS_PER_SECOND, NS_PER_USEC, USEC_PER_SECOND


@dataclass(frozen=True, slots=True)
class Summary:
    """What one run used; None where nothing is known.

    ``cpu_total_s`` is everything the run's cgroup was charged with, some milliseconds of the
    container's own start included, and ``cpu_average_cores`` is that by the duration. In a run of
    under a second the start would weigh too much: there the average leaves it out, by counting
    from the first sample, and ``cpu_maximum_cores`` is the same. Of any longer run it is the
    highest average over any one second, and never below the average. ``cores_profile_s`` is the
    time spent at 1, 2, … cores or more.

    ``memory_peak_bytes`` is the kernel's own high-water mark, or the highest sample where
    ``memory_peak_sampled``. ``hard_peak_bytes`` and ``working_set_peak_bytes`` are always the
    highest samples; ``unseen_spike_bytes`` is how much the peak exceeds what all samples saw and
    files can explain, 0 where they saw it.

    ``pids_peak`` counts processes and threads: the kernel's own mark, else the highest sample.
    """

    duration_s: float | None
    cpu_total_s: float | None
    cpu_average_cores: float | None
    cpu_maximum_cores: float | None
    memory_peak_bytes: int | None
    memory_peak_sampled: bool
    hard_peak_bytes: int | None
    working_set_peak_bytes: int | None
    memory_average_bytes: int | None
    sample_count: int
    cores_profile_s: tuple[float, ...] | None = None
    unseen_spike_bytes: int | None = None
    pids_peak: int | None = None

    @property
    def measured(self) -> bool:
        """Whether there is any figure of what it used."""
        return self.cpu_total_s is not None or self.memory_peak_bytes is not None


def summarise(run: Run, used: Usage) -> Summary:
    """Return the figures of ``run``, from its totals where they tell, else from its samples."""
    totals = run.result.totals
    total_usec = cpu_total_usec(run, used)
    whole_ns = duration_ns(run, used)
    average_cores = None
    if total_usec is not None and whole_ns:
        average_cores = _average_cores(run.result.started_wall_ns, whole_ns, total_usec, used)
    peak_bytes = totals.memory_peak_bytes
    return Summary(
        duration_s=whole_ns / NS_PER_SECOND if whole_ns else None,
        cpu_total_s=None if total_usec is None else total_usec / USEC_PER_SECOND,
        cpu_average_cores=average_cores,
        cpu_maximum_cores=_larger(used.cpu_window_cores, average_cores),
        memory_peak_bytes=used.memory_maximum_bytes if peak_bytes is None else peak_bytes,
        memory_peak_sampled=peak_bytes is None and used.memory_maximum_bytes is not None,
        hard_peak_bytes=used.hard_maximum_bytes,
        working_set_peak_bytes=used.working_set_maximum_bytes,
        memory_average_bytes=used.memory_average_bytes,
        sample_count=used.sample_count,
        cores_profile_s=_seconds(used.cores_profile_ns),
        unseen_spike_bytes=unseen_spike_bytes(run, used),
        pids_peak=totals.pids_peak or used.pids_maximum,  # no run is without a process
    )


def _average_cores(
    started_wall_ns: int | None, whole_ns: int, total_usec: int, used: Usage
) -> float:
    """Return the CPU time by the duration; in a short run without the container's own start.

    What the counter holds at the first sample is that start: tens of milliseconds of CPU time,
    spent before the engine's stamp. Where a short run had ended before its first sample, or that
    came so late that it says little, the average is taken over one second, and so is an upper
    bound of what any second can have held.
    """
    if whole_ns >= WINDOW_NS:
        return total_usec * NS_PER_USEC / whole_ns
    if used.first is not None and started_wall_ns is not None:
        late_ns = used.first.wall_ns - started_wall_ns
        if 0 <= late_ns <= whole_ns / 2:
            used_usec = max(0, total_usec - used.first.cpu_usage_usec)
            return used_usec * NS_PER_USEC / (whole_ns - late_ns)
    return total_usec * NS_PER_USEC / WINDOW_NS


def _seconds(times_ns: tuple[int, ...] | None) -> tuple[float, ...] | None:
    return None if times_ns is None else tuple(one / NS_PER_SECOND for one in times_ns)


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)
