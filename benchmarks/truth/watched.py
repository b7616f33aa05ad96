"""One cpost session with everybody else watching: what each says of every operator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.truth.kernel_mark import KernelMarks
from benchmarks.truth.peers import Peers, Seen
from benchmarks.truth.session import Operator, Told, profile


@dataclass(frozen=True, slots=True)
class Bench:
    """What every experiment is given."""

    image: str
    payload: Path


@dataclass(frozen=True, slots=True)
class Watched:
    """What was said of one operator, by itself, by cpost, by the kernel and by the peers."""

    told: Told
    kernel_peak_bytes: int | None
    docker_stats: Seen
    psrecord: Seen

    def peaks(self) -> dict[str, Any]:
        """Return the figures of memory that every experiment keeps."""
        return {
            "name": self.told.operator.name,
            "peak_bytes": self.told.result["memory"]["peak_bytes"],
            "kernel_peak_bytes": self.kernel_peak_bytes,
            "docker_stats_bytes": self.docker_stats.memory_bytes,
            "psrecord_bytes": self.psrecord.memory_bytes,
        }


def watch(bench: Bench, operators: Sequence[Operator]) -> list[Watched]:
    """Execute the operators by cpost as it is called every day, with everybody watching.

    Those that did not pass are told on stderr and left out.
    """
    with Peers() as peers, KernelMarks() as marks:
        session = profile(bench.image, operators, bench.payload)
    for told in session.told:
        if not told.passed:
            print(f"{told.operator.name}: {told.result['state']}", file=sys.stderr)
    return [
        Watched(
            told=told,
            kernel_peak_bytes=marks.bytes_by_container.get(told.container_id or ""),
            docker_stats=peers.docker_stats.get(told.container_id or "", Seen()),
            psrecord=peers.psrecord.get(told.container_id or "", Seen()),
        )
        for told in session.told
        if told.passed
    ]
