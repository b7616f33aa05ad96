"""From a path to a text: a regular file, not too large, UTF-8, nothing but text in it."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from cpost.pipeline.problems import Place, Problem, RefusedError
from cpost.units import BYTES_PER_MIB, format_bytes

MAX_FILE_BYTES = 10 * BYTES_PER_MIB
# What YAML does not allow in a file, escaped or not at all.
_NOT_TEXT = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path) -> str:
    """Return the text of a definition file, without a byte order mark.

    Raises RefusedError; a problem of the file as a whole has a place without a line.
    """
    data = _read_bytes(path)
    file = str(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_in(file, data[: error.start].decode("utf-8", errors="replace"))
        byte = data[error.start]
        raise RefusedError(
            Problem(place, f"byte 0x{byte:02x} is not UTF-8", "save the file as UTF-8")
        ) from None
    match = _NOT_TEXT.search(text)
    if match is not None:
        wrong = f"the character U+{ord(match.group()):04X} is not text"
        raise RefusedError(Problem(_place_in(file, text[: match.start()]), wrong, "remove it"))
    return text


def _read_bytes(path: Path) -> bytes:
    whole = Place(str(path))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise RefusedError(Problem(whole, "is a directory", "give the definition file in it"))
        # A pipe is what a shell gives for <(command).
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
            raise RefusedError(Problem(whole, "is not a regular file", "give a definition file"))
        if status.st_size > MAX_FILE_BYTES:
            raise _too_large(whole, f"is {format_bytes(status.st_size)} large")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise RefusedError(
            Problem(whole, "does not exist", "give the path of a pipeline definition")
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise RefusedError(
            Problem(whole, f"cannot be read: {reason}", f"try: ls -l {path}")
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(whole, f"is larger than {format_bytes(MAX_FILE_BYTES)}")
    return data


def _too_large(place: Place, wrong: str) -> RefusedError:
    right = f"a definition has at most {format_bytes(MAX_FILE_BYTES)}; is this another file?"
    return RefusedError(Problem(place, wrong, right))


def _place_in(file: str, before: str) -> Place:
    """Return the place that comes right after the text ``before``."""
    line_start = before.rfind("\n") + 1
    return Place(file, before.count("\n") + 1, len(before) - line_start + 1)
