"""What a server did while it stood beside one operator, as it is kept with that operator's run."""

from __future__ import annotations

from dataclasses import dataclass

from cpost.meter.sample import Rung
from cpost.record.gpu import GpuUse
from cpost.record.run import Samples


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What one model of a Triton did during one run, by Triton's own counters.

    A request may hold several inferences. ``compute_usec`` is the time in which the model's
    backend worked, inputs and outputs included.
    """

    model: str
    requests: int
    failures: int
    inferences: int
    queue_usec: int
    compute_usec: int


@dataclass(frozen=True, slots=True)
class Idleness:
    """What a server used while nobody asked it anything, just before the run."""

    cpu_usec: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class SidecarFacts:
    """Which server it was and how it stood; None where it cannot be told.

    ``kind`` is ``model repository`` or ``service``. ``ready_after_ns`` is how long it took from
    its start until it took requests. ``models`` are those whose counters it told; None: it told
    none. ``ended`` tells in a few words how it ended, if it did so during the run. ``gpu`` is None
    where it was given none, or its use was not measured.
    """

    name: str
    kind: str
    image: str
    command: tuple[str, ...] | None = None
    image_id: str | None = None
    image_digest: str | None = None
    container_id: str | None = None
    rung: Rung | None = None
    ready_after_ns: int | None = None
    idle: Idleness | None = None
    models: tuple[ModelUse, ...] | None = None
    ended: str | None = None
    warnings: tuple[str, ...] = ()
    gpu: GpuUse | None = None


@dataclass(frozen=True, slots=True)
class SidecarRun:
    """A server beside one operator.

    The first of ``samples`` was taken just before the operator was started, the last one when it
    had ended: the counters of the server in between are what the operator may be charged with.
    """

    facts: SidecarFacts
    samples: Samples = ()
    sample_count: int = 0
