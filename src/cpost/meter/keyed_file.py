"""Files of lines ``<key> <number>``: ``memory.stat``, ``cpu.stat``, ``memory.events``.

The kernel writes the same lines in the same order every time, so where a key stands is looked up
once and from then on only checked: that takes a third of the time of a search for every key.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter

from cpost.errors import MeasureError
from cpost.meter.counter_file import CounterFile


class KeyedFile:
    """The numbers beside ``keys``, in that order.

    Lines with other keys are never looked at. Raises MeasureError naming file and key where there
    is no such line, or no number on it, and VanishedError when the cgroup is gone.
    """

    def __init__(self, file: CounterFile, keys: Sequence[bytes]) -> None:
        self._file = file
        self._count = len(keys)
        # Of a single place itemgetter makes no tuple, so a lone key is asked for twice.
        self._keys = tuple(keys) if len(keys) > 1 else (*keys, *keys)
        self._find(file.read())

    def read(self) -> tuple[int, ...]:
        """Read the file now."""
        text = self._file.read()
        words = text.split(None, self._most_words)
        try:
            if self._pick_keys(words) != self._keys:
                words = self._find(text)
        except IndexError:
            words = self._find(text)
        try:
            numbers = tuple(map(int, self._pick_numbers(words)))
        except (ValueError, IndexError) as error:
            raise self._file.nonsense(text) from error
        if min(numbers) < 0:
            raise self._file.nonsense(text)
        return numbers[: self._count]

    def _find(self, text: bytes) -> list[bytes]:
        """Note where the keys stand in ``text``; return its words."""
        words = text.split()
        places = {key: 2 * line for line, key in enumerate(words[::2])}
        for key in self._keys:
            if key not in places:
                raise MeasureError(f"{self._file.path}: no line '{key.decode()}'")
        found = [places[key] for key in self._keys]
        self._pick_keys = itemgetter(*found)
        self._pick_numbers = itemgetter(*(place + 1 for place in found))
        self._most_words = max(found) + 2
        return words


def keys_of(file: CounterFile) -> Collection[bytes]:
    """Return the keys that this kernel writes into a file; VanishedError, MeasureError."""
    return frozenset(file.read().split()[::2])


def find_number(file: CounterFile, text: bytes, key: bytes) -> int | None:
    """Return the number on the line of ``key`` in ``text``, which ``file`` said.

    None where there is no such line; MeasureError where it holds no number.
    """
    start = 0 if text.startswith(key + b" ") else text.find(b"\n" + key + b" ") + 1
    if start == 0 and not text.startswith(key + b" "):
        return None
    start += len(key) + 1
    end = text.find(b"\n", start)
    try:
        number = int(text[start:] if end < 0 else text[start:end])
    except ValueError:
        number = -1
    if number < 0:
        raise file.nonsense(text)
    return number
