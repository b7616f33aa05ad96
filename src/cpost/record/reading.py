"""Sessions and runs as they were kept, read back from their directories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpost.errors import RecordError
from cpost.record.fields import Fields, read_json, read_yaml
from cpost.record.host import HostFacts
from cpost.record.run import OwnUse, Run, Samples, Settings
from cpost.record.run_files import result_of, settings_of
from cpost.record.samples import StoredSamples
from cpost.record.sidecar_files import stored_sidecars

_RUN_DIRECTORY = re.compile(r"(\d+)__.+")


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """What is there of a run that never ended; ``settings`` is None if even they are missing."""

    directory: Path
    index: int
    settings: Settings | None
    samples: Samples


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it was kept; runs are in the order of execution.

    ``ended`` is None for a session that is still at work or was killed, and so is ``own_use``, as
    it is for sessions of earlier versions. ``damaged`` tells of the runs that ended but cannot be
    read any more.
    """

    id: str
    directory: Path
    pipeline: str
    pipeline_text: str
    started: str
    ended: str | None
    cpost_version: str
    arguments: tuple[str, ...]
    host: HostFacts
    config: Mapping[str, Any]
    runs: tuple[Run, ...]
    unfinished: tuple[UnfinishedRun, ...]
    damaged: tuple[RecordError, ...]
    own_use: OwnUse | None = None


def read_run(directory: Path) -> Run:
    """Return a run that ended.

    Its samples are read when they are iterated, not before. Raises RecordError, which names file
    and place, where something is missing or damaged, and for a run that never ended.
    """
    path = directory / "run.json"
    if directory.is_dir() and not path.exists():
        raise RecordError(f"{directory}: this run never ended: it has no run.json")
    stored = read_json(path)
    count = stored.get("sample_count", int)
    samples = StoredSamples(directory / "samples.csv", count)
    samples.check_header()
    return Run(
        operator=stored.get("operator", str),
        index=stored.get("index", int),
        settings=settings_of(read_yaml(directory / "settings.yaml")),
        result=result_of(stored),
        samples=samples,
        sample_count=count,
        directory=directory,
        uuid=stored.get("uuid", str),
        sidecars=stored_sidecars(stored, directory),
    )


def read_session(directory: Path) -> StoredSession:
    """Return a session with all its runs; RecordError where its own files are damaged."""
    stored = read_json(directory / "session.json")
    runs: list[Run] = []
    unfinished: list[UnfinishedRun] = []
    damaged: list[RecordError] = []
    for index, run_directory in _run_directories(directory):
        if not (run_directory / "run.json").exists():
            unfinished.append(_unfinished(run_directory, index))
            continue
        try:
            runs.append(read_run(run_directory))
        except RecordError as error:
            damaged.append(error)
    return StoredSession(
        id=stored.get("session", str),
        directory=directory,
        pipeline=stored.get("pipeline", str),
        pipeline_text=_pipeline_text(directory / "pipeline.yaml"),
        started=stored.get("started", str),
        ended=stored.optional("ended", str),
        cpost_version=stored.get("cpost", str),
        arguments=stored.texts("arguments"),
        host=_host(stored.inner("host")),
        config=read_yaml(directory / "config.yaml").all_but_schema(),
        runs=tuple(runs),
        unfinished=tuple(unfinished),
        damaged=tuple(damaged),
        own_use=_own_use(stored),
    )


def _run_directories(session: Path) -> list[tuple[int, Path]]:
    matches = [(_RUN_DIRECTORY.fullmatch(path.name), path) for path in session.iterdir()]
    return sorted((int(match[1]), path) for match, path in matches if match and path.is_dir())


def _unfinished(directory: Path, index: int) -> UnfinishedRun:
    try:
        settings = settings_of(read_yaml(directory / "settings.yaml"))
    except RecordError:
        settings = None  # it was ended before they were written
    return UnfinishedRun(directory, index, settings, StoredSamples(directory / "samples.csv", None))


def _pipeline_text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise RecordError(f"could not read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: this is no text: {error.reason}") from error


def _host(stored: Fields) -> HostFacts:
    return HostFacts(
        name=stored.get("name", str),
        operating_system=stored.optional("operating_system", str),
        kernel=stored.get("kernel", str),
        architecture=stored.get("architecture", str),
        cpu_model=stored.optional("cpu_model", str),
        cpu_count=stored.optional("cpu_count", int),
        memory_bytes=stored.optional("memory_bytes", int),
    )


def _own_use(stored: Fields) -> OwnUse | None:
    if stored.optional("own_use", dict) is None:
        return None
    inner = stored.inner("own_use")
    return OwnUse(
        wall_ns=inner.get("wall_ns", int),
        cpu_usec=inner.get("cpu_usec", int),
        memory_peak_bytes=inner.optional("memory_peak_bytes", int),
        samples=inner.get("samples", int),
        late_p50_ns=inner.optional("late_p50_ns", int),
        late_p99_ns=inner.optional("late_p99_ns", int),
    )
