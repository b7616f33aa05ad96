"""A definition file as a tree of nodes, each of which knows its place.

Scalars keep the text that stands in the file: what is meant as a string stays one, so that
``tag: 1.10`` is "1.10" and ``020`` is "020".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cpost.pipeline.problems import Place

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value; ``plain`` if it was written without quotes.

    ``broken`` says that a template in it could not be filled in, which has been noted: nothing
    more is to be said about the value.
    """

    place: Place
    text: str
    plain: bool
    broken: bool = False

    @property
    def is_null(self) -> bool:
        """Whether the file says "nothing" here."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    place: Place
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping; every key is there once."""

    place: Place
    entries: Mapping[str, Entry]


Node: TypeAlias = "ScalarNode | ListNode | MapNode"


def is_null(node: Node) -> bool:
    """Return whether a node says "nothing"."""
    return isinstance(node, ScalarNode) and node.is_null


def kind_of(node: Node) -> str:
    """Return what a node is, for a message."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a mapping"
    return "nothing" if node.is_null else "a single value"
