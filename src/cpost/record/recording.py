"""A run on its way into its directory, while the operator executes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from uuid import uuid4

from cpost.errors import RecordError
from cpost.meter.sample import Sample
from cpost.record.files import not_kept, write_atomically
from cpost.record.log_writer import LogWriter
from cpost.record.run import Run, RunResult, Samples, Settings
from cpost.record.run_files import Tally, run_text, settings_text
from cpost.record.sample_writer import SampleWriter
from cpost.record.sidecar_recording import SidecarRecording
from cpost.units import format_bytes


class RunRecording:
    """One run that is being kept; a context manager.

    Nothing that the disk does raises: the first failure is remembered in ``failure``, what can
    still be written is written, and samples are held in memory instead. A block that is left
    without ``finish`` leaves a directory without ``run.json``: a run that never ended.
    """

    def __init__(
        self,
        directory: Path,
        operator: str,
        index: int,
        settings: Settings,
        max_log_bytes: int,
    ) -> None:
        """Make ``directory``, which must not exist, with all that is known before the start."""
        self.failure: RecordError | None = None
        self._directory = directory
        self._operator = operator
        self._index = index
        self._settings = settings
        self._uuid = str(uuid4())
        self._samples: Samples | None = None
        self._made = self._kept(directory, directory.mkdir)
        self._put("settings.yaml", settings_text(settings))
        self._put(".uuid", f"{self._uuid}\n")
        self._writer = SampleWriter(directory / "samples.csv", self._remember)
        self._sidecars: list[SidecarRecording] = []
        self._logs = LogWriter(directory, max_log_bytes, self._remember)

    def append(self, sample: Sample) -> None:
        """Keep one sample; whoever reads ``samples.csv`` sees it at once."""
        self._writer.append(sample)

    def write_log(self, stream: str, data: bytes) -> None:
        """Keep what the operator printed to ``stdout`` or ``stderr``; from any thread."""
        self._logs.write(stream, data)

    def sidecar(self, name: str) -> SidecarRecording:
        """Begin to keep what the next server beside this operator uses."""
        number = len(self._sidecars) + 1
        self._sidecars.append(SidecarRecording(self._directory, number, name, self._remember))
        return self._sidecars[-1]

    def finish(self, result: RunResult) -> Run:
        """Complete the directory and return the run, whole even where the disk failed."""
        samples = self._close()
        result = replace(result, warnings=(*result.warnings, *self._warnings()))
        tally = Tally(
            sample_count=self._writer.stored,
            samples_not_stored=self._writer.waiting + self._writer.dropped,
            log_kept_bytes=self._logs.kept_bytes,
            log_cut_bytes=self._logs.cut_bytes,
        )
        if result.exit_code is not None:
            self._put("exit_code", f"{result.exit_code}\n")
        sidecars = tuple(filter(None, [one.close() for one in self._sidecars]))
        self._put(
            "run.json",
            run_text(self._operator, self._index, self._uuid, result, tally, sidecars),
        )
        return Run(
            operator=self._operator,
            index=self._index,
            settings=self._settings,
            result=result,
            samples=samples,
            sample_count=self._writer.stored + self._writer.waiting,
            directory=self._directory if self._made else None,
            uuid=self._uuid,
            sidecars=sidecars,
        )

    def __enter__(self) -> RunRecording:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what is open."""
        self._close()

    def _close(self) -> Samples:
        if self._samples is None:
            self._logs.close()
            for one in self._sidecars:
                one.close()
            self._samples = self._writer.close()
        return self._samples

    def _warnings(self) -> tuple[str, ...]:
        warnings = []
        cut = sum(self._logs.cut_bytes.values())
        if cut:
            warnings.append(f"{format_bytes(cut)} of its output not kept: {self._logs.why_cut}")
        if self._writer.dropped:
            warnings.append(
                f"{self._writer.dropped} samples lost, because they could not be written"
            )
        return tuple(warnings)

    def _put(self, name: str, text: str) -> None:
        path = self._directory / name
        if self._made:  # else it may be another run's directory, and those are its files
            self._kept(path, lambda: write_atomically(path, text, durable=name == "run.json"))

    def _kept(self, path: Path, action: Callable[[], None]) -> bool:
        """Do it; whether the disk let us."""
        try:
            action()
        except OSError as error:
            self._remember(path, error)
            return False
        return True

    def _remember(self, path: Path, error: OSError) -> None:
        if self.failure is None:
            self.failure = not_kept(path, error, "--record_dir DIR")
