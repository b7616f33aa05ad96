"""An image that holds one program, and all that program does is to end.

What a container of it costs is what the engine's way of starting containers costs.
"""

from __future__ import annotations

import io
import json
import logging
import struct
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import NotFound

from cpost.engine.connection import engine_errors
from cpost.engine.port import EmptyImage
from cpost.errors import EngineError
from cpost.interrupt import shielded

_log = logging.getLogger(__name__)

_PROGRAM = "/end"
_LABEL = "cpost.empty_image"  # no image that anybody else made carries it

# The whole program by machine, as ``uname -m`` calls it: the number of its instruction set in
# ELF, and the instructions of exit(0).
_EXIT_0 = {
    # xor edi, edi; mov eax, 60; syscall
    "x86_64": (62, bytes.fromhex("31ff b83c000000 0f05")),
    # mov x0, #0; mov x8, #93; svc #0
    "aarch64": (183, bytes.fromhex("000080d2 a80b80d2 010000d4")),
}
_ADDRESS = 0x400000
_LARGEST_PAGE = 0x10000
_ELF_HEADER = struct.Struct("<4s 5B 7x HHI QQQ I 6H")
_SEGMENT = struct.Struct("<II QQQ QQ Q")
_EXECUTABLE, _CURRENT, _LOAD, _READ_AND_EXECUTE = 2, 1, 1, 5


def empty_program(machine: str | None) -> bytes | None:
    """Return a static program of some 130 bytes that ends at once with exit code 0.

    ``machine`` is the architecture as ``uname -m`` calls it; None for one that is not known here.
    """
    if machine not in _EXIT_0:
        return None
    instruction_set, instructions = _EXIT_0[machine]
    headers_bytes = _ELF_HEADER.size + _SEGMENT.size
    size_bytes = headers_bytes + len(instructions)
    # See elf(5): 64 bits, little-endian, version 1, System V; no sections, one segment.
    header = _ELF_HEADER.pack(
        b"\x7fELF",
        *(2, 1, _CURRENT, 0, 0),
        *(_EXECUTABLE, instruction_set, _CURRENT),
        *(_ADDRESS + headers_bytes, _ELF_HEADER.size, 0),
        0,
        *(_ELF_HEADER.size, _SEGMENT.size, 1, 0, 0, 0),
    )
    segment = _SEGMENT.pack(
        *(_LOAD, _READ_AND_EXECUTE),
        *(0, _ADDRESS, _ADDRESS),
        *(size_bytes, size_bytes),
        _LARGEST_PAGE,
    )
    return header + segment + instructions


@contextmanager
def empty_image(api: docker.APIClient, program: bytes) -> Iterator[EmptyImage]:
    """Hand ``program`` to the engine as an image, and remove it afterwards.

    EngineError where the engine does not take it, EngineLostError where it does not answer within
    the client's time.
    """
    image_id = None
    try:
        with shielded(), engine_errors("taking an empty image"):
            # The other call of the SDK for bytes would wait for ever.
            answer = api.import_image(src=_tar(program), changes=[f"LABEL {_LABEL}=1"])
            image_id = _id_in(answer)
        yield EmptyImage(image_id, _PROGRAM)
    finally:
        if image_id is not None:
            with shielded():
                _remove(api, image_id)


def remove_empty_images(api: docker.APIClient) -> None:
    """Remove those that dead sessions left behind; EngineError."""
    with engine_errors("listing images"):
        found = api.images(filters={"label": _LABEL}, all=True)
    for image in found:
        _remove(api, image["Id"])


def _tar(program: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        entry = tarfile.TarInfo(_PROGRAM.lstrip("/"))
        entry.mode = 0o755
        entry.size = len(program)
        tar.addfile(entry, io.BytesIO(program))
    return file.getvalue()


def _id_in(answer: str) -> str:
    """Return the id in the last line of what the engine says to an import."""
    try:
        status = json.loads(answer.splitlines()[-1])["status"]
    except (ValueError, LookupError, TypeError) as error:
        raise EngineError(f"the engine took an empty image and said {answer!r}") from error
    return str(status)


def _remove(api: docker.APIClient, image_id: str) -> None:
    try:
        with engine_errors("removing an empty image"):
            try:
                api.remove_image(image_id, force=True)
            except NotFound:
                return
    except EngineError as error:
        _log.debug("%s: the next cpost removes it", error)
