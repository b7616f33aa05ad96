"""The ``docker run`` command that does what an engine does with a container's specification.

The labels are left out: they change nothing for the operator, and a container that is executed by
hand must not be taken for a leftover of cpost and removed.
"""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Iterator

from cpost.engine.port import ContainerSpec, Mount

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def docker_run_arguments(spec: ContainerSpec) -> list[str]:
    """Return the words of the command, ``docker`` first, not quoted."""
    return [word for group in _groups(spec) for word in group]


def docker_run_line(spec: ContainerSpec) -> str:
    """Return the command as one line to paste into a shell."""
    return " ".join(map(_quoted, docker_run_arguments(spec)))


def docker_run_lines(spec: ContainerSpec) -> list[str]:
    r"""Return the command as lines for people: an option a line, all but the last end in ``\``."""
    first, *others = (" ".join(map(_quoted, group)) for group in _groups(spec))
    return " \\\n  ".join([first, *others]).split("\n")


def _groups(spec: ContainerSpec) -> Iterator[list[str]]:
    """Yield the words that belong together: each option with its value, the image with the rest."""
    # A server stands beside others, so whoever starts it goes on.
    detached = ["--detach"] if spec.is_server else []
    yield ["docker", "run", *detached, "--rm", "--name", spec.name]
    if spec.network is not None:
        yield ["--network", spec.network]
    for name, value in spec.environment.items():
        yield ["--env", f"{name}={value}"]
    for mount in spec.mounts:
        yield ["--mount", _mount_value(mount)]
    if spec.shm_bytes is not None:
        yield ["--shm-size", str(spec.shm_bytes)]
    if spec.gpus:
        yield ["--gpus", str(spec.gpus)]
    # The option takes one word only; the others come before the command, where the engine puts
    # them together again.
    first, *others = spec.entrypoint or ("",)
    if spec.entrypoint:
        yield ["--entrypoint", first]
    yield [spec.image, *others, *(spec.command or ())]


def _mount_value(mount: Mount) -> str:
    """Return a mount as ``--mount`` takes it: a line of CSV, quoted where a path needs it."""
    fields = ["type=bind", f"source={mount.source}", f"target={mount.target}"]
    if mount.read_only:
        fields.append("readonly")
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)
    return line.getvalue()[: -len("\r\n")]


def _quoted(word: str) -> str:
    """Return a word quoted for a shell, on one line and without what upsets a terminal."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
