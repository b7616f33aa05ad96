"""One CSV file an operator, in the original's form with more columns; grows while it executes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType

from cpost.errors import RecordError
from cpost.meter.sample import Sample
from cpost.record.files import file_name, not_kept, write_all
from cpost.record.run import Run
from cpost.units import BYTES_PER_MB, NS_PER_SECOND, NS_PER_USEC

HEADER = (
    "timestamp,cpu_percent,memory,memory_bytes,working_set_bytes,hard_bytes,cpu_usec,"
    "throttled_usec,pids,io_read_bytes,io_write_bytes\n"
)


class MetricsRows:
    """Turns samples, in the order of time, into lines of the CSV file."""

    def __init__(self) -> None:
        """Begin before the first sample."""
        self._before: Sample | None = None

    def line(self, sample: Sample) -> str:
        """Return the line of the next sample; what it does not tell is an empty cell."""
        before, self._before = self._before, sample
        seconds, rest_ns = divmod(sample.wall_ns, NS_PER_SECOND)
        counters = (
            sample.memory_bytes,
            sample.working_set_bytes,
            sample.hard_bytes,
            sample.cpu_usage_usec,
            sample.throttled_usec,
            sample.pids,
            sample.io_read_bytes,
            sample.io_write_bytes,
        )
        return (
            f"{seconds}.{rest_ns // NS_PER_USEC:06d},{_cpu_percent(before, sample):.3f},"
            f"{sample.memory_bytes / BYTES_PER_MB:.3f},"
            + ",".join("" if value is None else str(value) for value in counters)
            + "\n"
        )


def metrics_lines(samples: Iterable[Sample]) -> Iterator[str]:
    """Yield the whole CSV of ``samples``, line by line, header first."""
    rows = MetricsRows()
    yield HEADER
    for sample in samples:
        yield rows.line(sample)


def _cpu_percent(before: Sample | None, sample: Sample) -> float:
    """Return the usage since the sample before; 0 for the first, which has none before it."""
    if before is None or sample.at_ns <= before.at_ns:
        return 0.0
    used_usec = max(0, sample.cpu_usage_usec - before.cpu_usage_usec)
    return 100.0 * used_usec * NS_PER_USEC / (sample.at_ns - before.at_ns)


class MetricsCsv:
    """An observer that writes ``<metrics_dir>/<operator>_final_result.csv``.

    A file of that name is kept as ``….csv.1``, or with the next higher number where there are
    such files already: 1 is the oldest, and the name without a number is always the newest.
    Nothing that the disk does raises: ``failure`` is the first failure, ``path`` the newest file,
    None where it could not be written. A context manager that closes what is open.
    """

    def __init__(self, metrics_dir: Path) -> None:
        """Write into ``metrics_dir``, which is made if missing."""
        self.failure: RecordError | None = None
        self.path: Path | None = None
        self._metrics_dir = metrics_dir.absolute()
        self._file: FileIO | None = None
        self._rows = MetricsRows()

    def run_began(self, operator_name: str, index: int, count: int) -> None:
        """Begin the operator's file with its header."""
        del index, count
        self.close()
        self._rows = MetricsRows()
        self.path = self._metrics_dir / f"{file_name(operator_name)}_final_result.csv"
        try:
            self._metrics_dir.mkdir(parents=True, exist_ok=True)
            _keep_older(self.path)
            self._file = FileIO(self.path, "x")
        except OSError as error:
            self._fail(error)
        self._write(HEADER)

    def container_started(self, container_id: str) -> None:
        """Nothing: there are no figures yet."""

    def sampled(self, sample: Sample) -> None:
        """Add a line, seen at once by whoever follows the file."""
        if self._file is not None:
            self._write(self._rows.line(sample))

    def run_ended(self, run: Run) -> None:
        """Close the file; an operator that was skipped has none."""
        del run
        self.close()

    def close(self) -> None:
        """Close the file that is open, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> MetricsCsv:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _write(self, line: str) -> None:
        if self._file is None:
            return
        whole_bytes = self._file.tell()
        try:
            write_all(self._file, line.encode())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(whole_bytes)  # no torn line at the end
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Give this file up; a file with holes would mislead more than one that ends early."""
        if self.failure is None and self.path is not None:
            self.failure = not_kept(self.path, error, "--metrics_dir DIR")
        self.path = None
        self.close()


def _keep_older(path: Path) -> None:
    """Give a file that is there already the next free number; OSError."""
    if not path.exists() and not path.is_symlink():
        return
    numbered = re.compile(re.escape(path.name) + r"\.(\d+)")
    matches = (numbered.fullmatch(other.name) for other in path.parent.iterdir())
    highest = max((int(match[1]) for match in matches if match), default=0)
    path.rename(path.with_name(f"{path.name}.{highest + 1}"))
