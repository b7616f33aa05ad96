"""A session on its way into its directory: what was asked for, and a folder for each run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from cpost import __version__
from cpost.errors import RecordError
from cpost.record.files import file_name, not_kept, write_atomically
from cpost.record.host import HostFacts
from cpost.record.recording import RunRecording
from cpost.record.run import OwnUse, Settings
from cpost.record.run_files import to_json, to_yaml
from cpost.record.secrecy import arguments_without_secrets, definition_without_secrets
from cpost.units import NS_PER_SECOND


def default_record_dir(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of all sessions: ``option``, else what the environment says.

    Looked at in turn: ``$CPOST_RECORD_DIR``, ``$XDG_DATA_HOME/cpost`` (only if absolute, as the
    XDG rules ask), ``~/.local/share/cpost``. Always absolute; need not exist.
    """
    chosen = option or environ.get("CPOST_RECORD_DIR")
    if chosen:
        return Path(chosen).absolute()
    data_home = Path(environ.get("XDG_DATA_HOME", ""))
    if data_home.is_absolute():
        return data_home / "cpost"
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / ".local" / "share" / "cpost"


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of a session before its first operator is executed.

    ``arguments`` is the command line without the program's name; ``config`` holds the settings
    that all runs share.
    """

    pipeline: str
    arguments: Sequence[str]
    config: Mapping[str, object]
    host: HostFacts


class SessionRecord:
    """A session that is being kept; a context manager that ends it.

    ``failure`` is the first failure to keep something, of the session or of any of its runs.
    ``own_use`` is what cpost itself used; it is written when the session ends, if it is known.
    """

    def __init__(
        self, directory: Path, session_id: str, facts: SessionFacts, wall_ns: Callable[[], int]
    ) -> None:
        """Hold a directory that exists already; see ``create``."""
        self.own_use: OwnUse | None = None
        self._directory = directory
        self._id = session_id
        self._facts = facts
        self._wall_ns = wall_ns
        self._started_wall_ns = wall_ns()
        self._recordings: list[RunRecording] = []
        self._failure: RecordError | None = None

    @classmethod
    def create(
        cls,
        record_dir: Path,
        session_id: str,
        pipeline_text: str,
        facts: SessionFacts,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> SessionRecord:
        """Make ``<record_dir>/<session_id>`` and write down what was asked for.

        Values that look like secrets are left out of the definition and the command line. Raises
        RecordError where nothing can be kept at all: better told now than after an hour.
        """
        directory = record_dir / session_id
        try:
            directory.mkdir(parents=True)
            session = cls(directory, session_id, facts, wall_ns)
            write_atomically(directory / "session.json", session.text("open"))
            write_atomically(directory / "pipeline.yaml", definition_without_secrets(pipeline_text))
            write_atomically(directory / "config.yaml", to_yaml(facts.config))
        except OSError as error:
            raise not_kept(directory, error, "--record_dir DIR") from error
        return session

    @property
    def directory(self) -> Path:
        """Where everything of this session is."""
        return self._directory

    @property
    def failure(self) -> RecordError | None:
        """What could not be kept, None if everything is."""
        failures = (one.failure for one in self._recordings if one.failure)
        return next(failures, self._failure)

    def begin(
        self, operator_name: str, index: int, settings: Settings, max_log_bytes: int
    ) -> RunRecording:
        """Begin the run of operator ``index`` (from 1); never raises for the disk's sake."""
        recording = RunRecording(
            self._directory / f"{index:03d}__{file_name(operator_name)}",
            operator_name,
            index,
            settings,
            max_log_bytes,
        )
        self._recordings.append(recording)
        return recording

    def end(self) -> None:
        """Write down that no run will follow; a disk that refuses is remembered, not raised."""
        path = self._directory / "session.json"
        try:
            write_atomically(path, self.text("ended"))
        except OSError as error:
            self._failure = not_kept(path, error, "--record_dir DIR")

    def text(self, state: str) -> str:
        """Return ``session.json`` as it is in ``state``: ``open`` or ``ended``."""
        return to_json(
            {
                "session": self._id,
                "state": state,
                "started": timestamp(self._started_wall_ns),
                "ended": timestamp(self._wall_ns()) if state == "ended" else None,
                "pipeline": self._facts.pipeline,
                "cpost": __version__,
                "arguments": arguments_without_secrets(self._facts.arguments),
                "host": asdict(self._facts.host),
                "own_use": asdict(self.own_use) if self.own_use else None,
            }
        )

    def __enter__(self) -> SessionRecord:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, however it ended."""
        self.end()


def timestamp(wall_ns: int) -> str:
    """Return a moment as text: ISO 8601, UTC, microseconds."""
    seconds, rest_ns = divmod(wall_ns, NS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest_ns // 1000)
    return moment.isoformat(timespec="microseconds")
