"""What is checked before anything is started: the folders of the command line."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from cpost.errors import RecordError, UsageError
from cpost.pipeline.model import ContainerImage, Pipeline
from cpost.triton.repository import check_models
from cpost.triton.servers import TritonOptions, needs_of

_log = logging.getLogger(__name__)


def check_payload(folder: Path, pipeline: Pipeline) -> Path:
    """Return the payload's absolute path; UsageError where operators could not read it.

    An empty payload is accepted only where no operator takes it as input.
    """
    if not folder.exists():
        raise UsageError(
            f"the input payload directory does not exist: {folder}",
            hint=f"ls -d {folder.parent / '*'}",
        )
    if not folder.is_dir():
        raise UsageError(
            f"the input payload must be a directory, not a file: {folder}",
            hint=f"give its folder: {folder.parent}",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(
            f"the input payload directory cannot be read: {folder}: permission denied",
            hint=f"sudo chmod -R a+rX {folder}",
        )
    _require_utf8(folder.resolve())
    takes_payload = any(
        one.from_operator is None and one.path for op in pipeline.operators for one in op.inputs
    )
    if takes_payload and not any(folder.iterdir()):
        raise UsageError(
            f"the input payload directory is empty: {folder}",
            hint="put the files into it that the first operator is to read",
        )
    return folder.resolve()


def check_triton(pipeline: Pipeline, triton: TritonOptions) -> None:
    """Raise where what servers are to serve is not there, or not as it must be.

    UsageError for the folder of models, which only those need that serve models; TritonError for
    a model in it.
    """
    models_dir = triton.models_dir
    _warn_of_services_of_one_name(pipeline)
    needing = [
        one.name
        for one in pipeline.operators
        if one.models or any(need.server.uses_data_path for need in needs_of(one, triton))
    ]
    if models_dir is None:
        if not needing:
            return
        raise UsageError(
            f"operators of this pipeline use Triton models: {', '.join(needing)}",
            hint="give the folder of the models: --models_dir DIR",
        )
    if not models_dir.is_dir():
        raise UsageError(
            f"--models_dir is no directory: {models_dir}", hint=f"ls -d {models_dir.parent / '*'}"
        )
    _require_utf8(models_dir)
    if not os.access(models_dir, os.R_OK | os.X_OK):
        raise UsageError(
            f"--models_dir cannot be read: {models_dir}: permission denied",
            hint=f"sudo chmod -R a+rX {models_dir}",
        )
    check_models(models_dir, (name for one in pipeline.operators for name in one.models))


def _warn_of_services_of_one_name(pipeline: Pipeline) -> None:
    """Say so where operators mean different servers by one name: it may well be a slip."""
    first: dict[str, tuple[str, ContainerImage]] = {}
    for operator in pipeline.operators:
        for service in operator.services:
            owner, container = first.setdefault(service.name, (operator.name, service.container))
            if container != service.container:
                _log.warning(
                    "the service %s of %s has another image or command than that of %s: two "
                    "servers; give both the same if one is meant, else a name of its own",
                    service.name,
                    operator.name,
                    owner,
                )


def check_keep_outputs(folder: Path, pipeline: Pipeline) -> None:
    """Raise UsageError where ``folder`` holds outputs of an earlier session already."""
    for operator in pipeline.operators:
        earlier = folder / operator.name
        if earlier.exists() and any(earlier.iterdir()):
            raise UsageError(
                f"--keep_outputs {folder} holds outputs of {operator.name} already: "
                "old and new files would be mixed",
                hint="give a folder that is empty or not there yet",
            )


def _require_utf8(folder: Path) -> None:
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(folder).decode(errors="backslashreplace")
        raise UsageError(
            f"the path {shown} is not UTF-8, so no engine can be told of it",
            hint="rename that folder",
        ) from error


def prepared_folder(folder: Path | None, option: str) -> Path | None:
    """Return a folder for results, made if missing; RecordError where nothing can be written."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(
            f"{option} {folder} cannot be made: {error.strerror}",
            hint="choose another folder",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RecordError(
            f"{option} {folder} is not writable by you",
            hint=f"choose another folder, or make it yours: ls -ld {folder}",
        )
    _require_utf8(folder.resolve())
    return folder.resolve()


def check_result_file(file: str | None) -> None:
    """Raise RecordError where ``--json`` names a file that could not be written at the end."""
    if file in {None, "-"}:
        return
    path = Path(str(file))
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise RecordError(
            f"--json {path} cannot be written: "
            + ("a folder" if path.is_dir() else "no such folder"),
            hint=f"mkdir -p {path.parent}" if not path.is_dir() else "name a file in it",
        )
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise RecordError(
            f"--json {path} cannot be written: permission denied", hint="choose another file"
        )
