"""Doubts about the machine: what else went on while the operator executed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cpost.record.run import Run
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.sidecars import SizedSidecar
from cpost.sizing.usage import WINDOW_NS, Usage, cpu_total_usec, duration_ns
from cpost.units import BYTES_PER_MB, NS_PER_USEC, USEC_PER_SECOND, format_megabytes

# An engine, a desktop and cpost itself keep a few percent of a machine busy.
OTHER_LOAD_SHARE = 0.10

# Hypervisors steal a little from everybody, always.
STOLEN_SHARE = 0.01

# Less is a few pages of somebody who slept.
SWAPPED_BYTES = BYTES_PER_MB


def machine_doubts(run: Run, used: Usage, sidecars: Sequence[SizedSidecar]) -> Iterator[Doubt]:
    """Yield doubts about other load, stolen time, swapping and heat; none of an unknown host."""
    yield from _other_load(run, used, sidecars)
    yield from _stolen(run, used)
    host = run.result.host_use
    swapped_bytes = (host.swapped_in_bytes or 0) + (host.swapped_out_bytes or 0)
    if swapped_bytes > SWAPPED_BYTES:
        yield Doubt(
            DoubtKind.HOST_SWAPPED,
            f"the machine swapped {format_megabytes(swapped_bytes)} meanwhile, so it may have been "
            "slower",
            "execute it again with more free memory",
        )
    if host.heat_throttles:
        yield Doubt(
            DoubtKind.HEAT,
            "the machine slowed down hot cores meanwhile, so CPU time and duration may be too long",
            "let it cool down and execute it again",
        )


def _other_load(run: Run, used: Usage, sidecars: Sequence[SizedSidecar]) -> Iterator[Doubt]:
    """Compare the machine's CPU time, while it was watched, with the run's and its servers'.

    In a run of under a second the engine's own work of starting and removing would look like
    somebody else's load.
    """
    host = run.result.host_use
    own_usec, whole_ns = _own_usec(run, used, sidecars), duration_ns(run, used)
    if host.busy_usec is None or host.cpu_count is None or own_usec is None or whole_ns is None:
        return
    if whole_ns < WINDOW_NS:
        return
    others_cores = (host.busy_usec - own_usec) * NS_PER_USEC / (host.elapsed_ns or whole_ns)
    if others_cores > OTHER_LOAD_SHARE * host.cpu_count:
        yield Doubt(
            DoubtKind.OTHER_LOAD,
            f"others kept {others_cores:.1f} of the machine's {host.cpu_count} cores busy "
            "meanwhile, so it may have been slower",
            "keep the machine free of other load",
        )


def _own_usec(run: Run, used: Usage, sidecars: Sequence[SizedSidecar]) -> int | None:
    """Return the CPU time of the run and of its servers; None where one of them is not known."""
    total_usec = cpu_total_usec(run, used)
    for one in sidecars:
        if total_usec is None or one.cpu_total_s is None:
            return None
        total_usec += round(one.cpu_total_s * USEC_PER_SECOND)
    return total_usec


def _stolen(run: Run, used: Usage) -> Iterator[Doubt]:
    """Tell of a hypervisor that took much; the kernel counts in ticks, too coarse for a second."""
    host, whole_ns = run.result.host_use, duration_ns(run, used)
    if host.stolen_usec is None or host.cpu_count is None or whole_ns is None:
        return
    if whole_ns < WINDOW_NS:
        return
    share = host.stolen_usec * NS_PER_USEC / (host.cpu_count * (host.elapsed_ns or whole_ns))
    if share > STOLEN_SHARE:
        yield Doubt(
            DoubtKind.STOLEN_TIME,
            f"the hypervisor took {share * 100:.0f} % of this machine's CPU time meanwhile, so it "
            "may have been slower",
            "execute it again on a quieter host",
        )
