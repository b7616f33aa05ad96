"""One execution of one operator, as it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cpost.meter.sample import Rung, Sample, Totals
from cpost.record.gpu import GpuUse

if TYPE_CHECKING:
    from cpost.record.sidecar import SidecarRun


class RunState(str, Enum):
    """How a run ended."""

    PASS = "pass"
    FAIL = "fail"  # the operator's own doing: exit code, OOM kill, time-out
    ERROR = "error"  # not the operator's: it could not be started, the engine went away …
    SKIPPED = "skipped"  # never executed, because an operator before it failed


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was executed under."""

    operator: str
    image: str
    payload: str
    interval_s: float
    engine: str
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    repeat: int = 1
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class HostUse:
    """What the whole machine did while one operator executed; None where it does not tell.

    Compared with the operator's own figures it says whether somebody else was at work.
    """

    busy_usec: int | None = None  # CPU time of everybody, kernel and interrupts included
    stolen_usec: int | None = None  # taken by the hypervisor
    swapped_in_bytes: int | None = None
    swapped_out_bytes: int | None = None
    heat_throttles: int | None = None  # how often a core was slowed down because it was hot
    cpu_count: int | None = None
    elapsed_ns: int | None = None  # over which time; the container's start is included


@dataclass(frozen=True, slots=True)
class StartUp:
    """What starting a container costs here, measured with a program that does nothing."""

    cpu_usec: int | None = None
    memory_peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class OwnUse:
    """What cpost itself used in a session, and how late its samples were.

    It begins when cpost has read its command line and the definition; ``cpu_usec`` is that of its
    process and of the children it waited for, ``memory_peak_bytes`` the largest its process ever
    was. Lateness is how long after its deadline a sample was taken, the median and the 99th
    percentile of all runs together; the first and the last sample of a run have no deadline. None
    where no sample had one.
    """

    wall_ns: int
    cpu_usec: int
    memory_peak_bytes: int | None
    samples: int
    late_p50_ns: int | None
    late_p99_ns: int | None


@dataclass(frozen=True, slots=True)
class RunResult:
    """How an execution ended and what it used.

    ``reason`` is empty for a run that passed, else a few words that fit into a table
    (``exit 126``, ``killed for memory (OOM)``). ``exit_code`` is None where there was none.
    ``oom_killed`` holds if either the kernel's count or the engine's flag says so.
    ``duration_ns`` is None where nothing was executed. ``advice`` says what to try next.
    """

    state: RunState
    exit_code: int | None = None
    oom_killed: bool = False
    reason: str = ""
    advice: str = ""
    started_wall_ns: int | None = None
    duration_ns: int | None = None
    rung: Rung | None = None
    totals: Totals = field(default_factory=Totals)
    container_id: str | None = None
    image_id: str | None = None
    image_digest: str | None = None
    warnings: tuple[str, ...] = ()
    engine_oom_killed: bool | None = None  # the engine's own flag; None: it was never asked
    host_use: HostUse = field(default_factory=HostUse)
    start_up: StartUp = field(default_factory=StartUp)
    gpu: GpuUse | None = None  # None: it was given none, or its use was not measured


class Samples(Protocol):
    """The samples of a run: read afresh, one after the other, at each iteration."""

    def __iter__(self) -> Iterator[Sample]:
        """Iterate in the order of time."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended and what is kept of it.

    ``directory`` is None where nothing could be kept. ``samples`` is an iterable that reads from
    the disk, so that a run of any length costs no memory; ``sample_count`` is their number.
    """

    operator: str
    index: int
    settings: Settings
    result: RunResult
    samples: Samples
    sample_count: int
    directory: Path | None
    uuid: str
    sidecars: tuple[SidecarRun, ...] = ()  # the servers that stood beside it
