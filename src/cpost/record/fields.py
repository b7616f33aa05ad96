"""Reading what cpost wrote: every field has its type, or the file is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cpost.errors import RecordError

SCHEMA_VERSION = 1

_T = TypeVar("_T")
_E = TypeVar("_E", bound=Enum)
_NAMES = {int: "a whole number", str: "a text", bool: "true or false", float: "a number"}


class Fields:
    """The fields of one mapping in a stored file; each read raises RecordError if it is amiss."""

    def __init__(self, path: Path, values: object, inside: str = "") -> None:
        """Read from ``values``, which came from ``path``, from its field ``inside``."""
        self._path = path
        self._inside = inside
        if not isinstance(values, Mapping):
            raise self._damaged(f"{inside or 'the file'} is no mapping of names to values")
        self._values: Mapping[str, Any] = values

    def get(self, name: str, kind: type[_T]) -> _T:
        """Return the field's value, which must be there and of this type."""
        value = self._values.get(name)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise self._damaged(f"{self._inside}{name} is not {_NAMES.get(kind, kind.__name__)}")
        return value

    def optional(self, name: str, kind: type[_T]) -> _T | None:
        """Return the field's value; None if it is missing or null."""
        return None if self._values.get(name) is None else self.get(name, kind)

    def choice(self, name: str, kind: type[_E]) -> _E:
        """Return the member of an enumeration that the field names."""
        text = self.get(name, str)
        try:
            return kind(text)
        except ValueError:
            raise self._damaged(f"{self._inside}{name} is unknown: {text!r}") from None

    def optional_choice(self, name: str, kind: type[_E]) -> _E | None:
        """Return the member of an enumeration; None if the field is missing or null."""
        return None if self._values.get(name) is None else self.choice(name, kind)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self.get(name, list)
        if not all(isinstance(value, str) for value in values):
            raise self._damaged(f"{self._inside}{name} is no list of texts")
        return tuple(values)

    def text_mapping(self, name: str) -> dict[str, str]:
        """Return a mapping of texts to texts."""
        values = self.get(name, dict)
        if not all(isinstance(one, str) for pair in values.items() for one in pair):
            raise self._damaged(f"{self._inside}{name} is no mapping of texts")
        return values

    def inner(self, name: str) -> Fields:
        """Return the fields of a mapping inside this one."""
        return Fields(self._path, self._values.get(name), f"{self._inside}{name}.")

    def inner_list(self, name: str) -> list[Fields]:
        """Return the fields of each mapping in a list."""
        return [
            Fields(self._path, one, f"{self._inside}{name}[{position}].")
            for position, one in enumerate(self.get(name, list))
        ]

    def all_but_schema(self) -> dict[str, Any]:
        """Return all values as they are, without the schema's version."""
        return {name: value for name, value in self._values.items() if name != "schema_version"}

    def _damaged(self, what: str) -> RecordError:
        return RecordError(f"{self._path}: {what}")


def read_json(path: Path) -> Fields:
    """Return the fields of a JSON file of this or an earlier schema; RecordError."""
    try:
        values = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise RecordError(f"{path}:{error.lineno}: this is no JSON: {error.msg}") from error
    return _of_known_schema(Fields(path, values), path)


def read_yaml(path: Path) -> Fields:
    """Return the fields of a YAML file of this or an earlier schema; RecordError."""
    try:
        values = yaml.load(_text(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RecordError(f"{path}{line}: this is no YAML") from error
    return _of_known_schema(Fields(path, values), path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: this is no text: {error.reason}") from error
    except OSError as error:
        raise RecordError(f"could not read {path}: {error.strerror}") from error


def _of_known_schema(fields: Fields, path: Path) -> Fields:
    version = fields.get("schema_version", int)
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"{path}: written by a newer cpost (schema {version}, this one knows {SCHEMA_VERSION})",
            hint="update cpost",
        )
    return fields
