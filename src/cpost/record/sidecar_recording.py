"""The samples of a server on their way into the directory of the run it stands beside."""

from __future__ import annotations

from pathlib import Path

from cpost.meter.sample import Sample
from cpost.record.files import file_name
from cpost.record.run import Samples
from cpost.record.sample_writer import SampleWriter, TellFailure
from cpost.record.sidecar import SidecarFacts, SidecarRun


class SidecarRecording:
    """Keeps what one server used during one run; nothing that the disk does raises."""

    def __init__(self, directory: Path, number: int, name: str, tell_failure: TellFailure) -> None:
        """Begin ``sidecar-<number>__<name>.csv``, which has the form of ``samples.csv``."""
        self._writer = SampleWriter(directory / sidecar_file(number, name), tell_failure)
        self._facts: SidecarFacts | None = None
        self._samples: Samples | None = None

    def append(self, sample: Sample) -> None:
        """Keep one sample."""
        self._writer.append(sample)

    def finish(self, facts: SidecarFacts) -> None:
        """Keep what became of it."""
        self._facts = facts

    def close(self) -> SidecarRun | None:
        """Return what is kept; None where nothing was ever told of it."""
        if self._samples is None:
            self._samples = self._writer.close()
        if self._facts is None:
            return None
        count = self._writer.stored + self._writer.waiting
        return SidecarRun(self._facts, self._samples, count)


def sidecar_file(number: int, name: str) -> str:
    """Return the name of the file with the samples of server ``number`` (from 1) of a run."""
    return f"sidecar-{number}__{file_name(name)}.csv"
