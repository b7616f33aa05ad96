"""From a server to all that an engine must know to start it."""

from __future__ import annotations

import re
from pathlib import Path

from cpost.engine.port import ContainerSpec, Mount, MountRole
from cpost.triton.servers import (
    DATA_PATH_REFERENCE,
    DATA_PATH_VARIABLE,
    REPOSITORY_PATH,
    Server,
    ServerKind,
)
from cpost.units import BYTES_PER_MIB

# Triton's Python backend passes tensors through /dev/shm, 64 MiB a model instance at first and more
# for large tensors; an engine's own 64 MiB do not even do for the first one.
SHM_BYTES = 1024 * BYTES_PER_MIB

_DATA_PATH = "/clara-service-data"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")


def server_spec(
    server: Server,
    *,
    session_id: str,
    number: int,
    models_dir: Path | None,
    volumes_dir: Path,
    network: str | None,
    gpus: int,
) -> ContainerSpec:
    """Return the container of the server that is started as number ``number`` of a session.

    No port is published: whoever is on the network reaches all of them. ``gpus`` is what the
    engine can give.
    """
    words, variables = _resolved(server)
    return ContainerSpec(
        name=_NOT_IN_NAMES.sub("-", f"cpost-{session_id}-sidecar-{number}-{server.name}"),
        image=server.container.reference,
        command=words,
        entrypoint=server.container.entrypoint,
        environment=variables,
        mounts=(*_models(server, models_dir), *volume_mounts(server, models_dir, volumes_dir)),
        network=network,
        labels={"cpost.session": session_id, "cpost.sidecar": server.name},
        gpus=gpus,
        is_server=True,
        shm_bytes=SHM_BYTES,
    )


def volume_mounts(server: Server, models_dir: Path | None, volumes_dir: Path) -> tuple[Mount, ...]:
    """Return the volumes of a server, as both it and the operators beside it see them.

    A folder of the volume's name below ``models_dir`` is meant, read-only; where there is none
    the volume begins empty, and server and operators may hand each other files through it.
    """
    mounts = []
    for volume in server.volumes:
        given = None if models_dir is None else models_dir / volume.name
        is_given = given is not None and given.is_dir()
        mounts.append(
            Mount(
                source=given if given is not None and is_given else volumes_dir / volume.name,
                target=volume.path,
                read_only=is_given,
                role=MountRole.VOLUME,
                name=volume.name,
            )
        )
    return tuple(mounts)


def _resolved(server: Server) -> tuple[tuple[str, ...] | None, dict[str, str]]:
    """Return command and variables with the folder of models in the place of its reference."""
    command = server.container.command
    variables = {
        name: value.replace(DATA_PATH_REFERENCE, _DATA_PATH)
        for name, value in server.variables.items()
    }
    if server.kind is ServerKind.SERVICE:
        variables.setdefault(DATA_PATH_VARIABLE, _DATA_PATH)
    if command is not None:
        command = tuple(word.replace(DATA_PATH_REFERENCE, _DATA_PATH) for word in command)
    return command, variables


def _models(server: Server, models_dir: Path | None) -> tuple[Mount, ...]:
    if models_dir is None or not (server.kind is ServerKind.REPOSITORY or server.uses_data_path):
        return ()
    target = REPOSITORY_PATH
    if server.kind is ServerKind.SERVICE:
        target = _DATA_PATH + _below_data_path(server, models_dir)
    return (Mount(models_dir, target, read_only=True, role=MountRole.MODELS),)


def _below_data_path(server: Server, models_dir: Path) -> str:
    """Return where below the data path ``models_dir`` belongs: ``/models``, or nothing.

    Definitions name ``$(…)/models``. Given the folder that holds the models themselves, that is
    where it must appear; given the folder above them, it is the data path itself.
    """
    texts = (*(server.container.command or ()), *server.variables.values())
    names_models = any(f"{DATA_PATH_REFERENCE}{REPOSITORY_PATH}" in text for text in texts)
    return REPOSITORY_PATH if names_models and not (models_dir / "models").is_dir() else ""
