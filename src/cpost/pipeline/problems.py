"""What is wrong with a definition: collected while it is read, told all at once."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from shlex import quote
from typing import NamedTuple

from cpost.errors import DefinitionError

_SHOWN_NAMES = 8
_SHOWN_CHARACTERS = 60
# Looking for the nearest name costs time for every pair of names; a file that is wrong in a
# thousand places is not helped by a thousand guesses.
_GUESSES = 20
_GUESSED_AMONG = 2_000
_GUESSED_LENGTH = 80


class Place(NamedTuple):
    """Where something stands; ``line`` and ``column`` count from 1, 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return ``file:line:column``, as editors and terminals know it."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and what would be right (empty where that goes without saying)."""

    place: Place
    wrong: str
    right: str = ""

    def __str__(self) -> str:
        """Return the one line that is shown."""
        return f"{self.place}: {self.wrong}" + (f": {self.right}" if self.right else "")


class RefusedError(Exception):
    """A document cannot be read any further; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Problems:
    """Collects problems and warnings of one reading; the same one is kept only once."""

    def __init__(self, *, strict: bool = False) -> None:
        """With ``strict`` an unknown key is a problem, else a warning."""
        self._strict = strict
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._suspects: dict[Problem, None] = {}
        self._guesses_left = _GUESSES

    def add(self, place: Place, wrong: str, right: str = "") -> None:
        """Note that something is wrong."""
        self._errors[Problem(place, wrong, right)] = None

    def add_problem(self, problem: Problem) -> None:
        """Note a problem that was made elsewhere."""
        self._errors[problem] = None

    def warn(self, place: Place, what: str, right: str = "") -> None:
        """Note something doubtful that keeps nobody from going on."""
        self._warnings[Problem(place, what, right)] = None

    def unknown_key(self, place: Place, label: str, key: str, known: Collection[str]) -> None:
        """Note a key of ``label`` that nobody knows.

        Where it may be a slip of the pen it is told among the problems too, if there are any: it
        may be the cause of one.
        """
        guess = self._guess(key, known)
        problem = Problem(
            place,
            f"{label} has an unknown key {shown(key)}",
            _known(known) if guess is None else f"did you mean {shown(guess)}?",
        )
        if self._strict:
            self._errors[problem] = None
            return
        self._warnings[problem] = None
        if guess is not None:
            self._suspects[problem] = None

    def nearest(self, word: str, known: Collection[str]) -> str:
        """Return what could have been meant by ``word``: a guess, else what there is.

        Case counts for nothing. Empty where nothing is known at all.
        """
        guess = self._guess(word, known)
        if guess is not None:
            return f"did you mean {shown(guess)}?"
        return _known(known) if known else ""

    def warnings(self) -> tuple[str, ...]:
        """Return all warnings in the order of their places."""
        return tuple(map(str, sorted(self._warnings)))

    @property
    def found(self) -> bool:
        """Whether anything is wrong."""
        return bool(self._errors)

    def error(self, file: str) -> DefinitionError:
        """Return all problems of ``file`` and of what it imports as one error."""
        # What the file itself says comes first, then what it imports.
        ordered = sorted(
            self._errors | self._suspects, key=lambda one: (one.place.file != file, one)
        )
        told = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
        hint = f"{told}, nothing was started; mend and look again: cpost plan {quote(file)}"
        nothing_to_plan = not ordered[0].place.line
        return DefinitionError("\n".join(map(str, ordered)), hint=None if nothing_to_plan else hint)

    def _guess(self, word: str, known: Collection[str]) -> str | None:
        if not self._guesses_left or len(word) > _GUESSED_LENGTH:
            return None
        self._guesses_left -= 1
        candidates = islice((name for name in known if len(name) < 256), _GUESSED_AMONG)
        by_lower = {name.lower(): name for name in candidates}
        close = difflib.get_close_matches(word.lower(), by_lower, n=1)
        return by_lower[close[0]] if close else None


def _known(names: Collection[str]) -> str:
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"known: {', '.join(map(clipped, islice(names, _SHOWN_NAMES)))}{more}"


def shown(text: str) -> str:
    """Return a word of the file in quotes, on one line and not too long, for a message."""
    if len(text) > _SHOWN_CHARACTERS:
        return repr(text[:_SHOWN_CHARACTERS]) + "…"
    return repr(text)


def clipped(text: str) -> str:
    """Return a word of the file as it is, but on one line and not too long."""
    quoted = shown(text)
    return text if quoted[1:-1] == text else quoted
