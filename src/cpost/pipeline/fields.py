"""The keys of one mapping, taken one by one with the kind of value each must have."""

from __future__ import annotations

import re

from cpost.pipeline.nodes import Entry, ListNode, MapNode, Node, ScalarNode, is_null, kind_of
from cpost.pipeline.problems import Problems, clipped

# A NUL ends a string for the kernel; a lone surrogate cannot be written as UTF-8 at all.
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


class Fields:
    """A mapping that is being read: ``label`` names it in messages (``operator 'a'``).

    Every method that takes a key returns None (or nothing) where the key is absent or its value
    is null, and where the value is of the wrong kind, after noting a problem. ``close`` notes
    the keys that nobody asked for.
    """

    def __init__(self, node: MapNode, label: str, problems: Problems) -> None:
        self.place = node.place
        self.label = label
        self.problems = problems
        self._entries = node.entries
        self._asked: dict[str, None] = {}

    def entry(self, key: str) -> Entry | None:
        """Return the key's own place and its value, of whatever kind."""
        self._asked[key] = None
        entry = self._entries.get(key)
        return None if entry is None or is_null(entry.value) else entry

    def scalar(self, key: str) -> ScalarNode | None:
        """Return a single value."""
        entry = self.entry(key)
        return None if entry is None else self.usable(entry.value, clipped(key))

    def word(self, key: str) -> ScalarNode | None:
        """Return a single value without the white space around it; an empty one is absent."""
        node = self.scalar(key)
        text = node.text.strip() if node is not None else ""
        return ScalarNode(node.place, text, node.plain) if node is not None and text else None

    def required_word(self, key: str, right: str) -> ScalarNode | None:
        """Return a single value that must be there; ``right`` is the advice where it is not."""
        entry = self.entry(key)
        if entry is None or (isinstance(entry.value, ScalarNode) and not entry.value.text.strip()):
            self.missing(key, right)
            return None
        return self.word(key)

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        entry = self.entry(key)
        if entry is None:
            return ()
        if isinstance(entry.value, ListNode):
            return entry.value.items
        right = f"put '- ' before {'its first key' if isinstance(entry.value, MapNode) else 'it'}"
        self._wrong_kind(entry.value, clipped(key), "a list", right)
        return ()

    def mappings(self, key: str, label: str) -> list[Fields]:
        """Return the items of a list of mappings."""
        found = []
        for node in self.items(key):
            if isinstance(node, MapNode):
                found.append(Fields(node, label, self.problems))
            else:
                self._wrong_kind(
                    node, f"an item of {clipped(key)}", "a mapping", "write key: value"
                )
        return found

    def mapping(self, key: str) -> MapNode | None:
        """Return a mapping."""
        entry = self.entry(key)
        if entry is None:
            return None
        if isinstance(entry.value, MapNode):
            return entry.value
        self._wrong_kind(entry.value, clipped(key), "a mapping", "write key: value below it")
        return None

    def texts(self, key: str) -> dict[str, Entry]:
        """Return the entries of a mapping whose values are single ones."""
        node = self.mapping(key)
        if node is None:
            return {}
        return {
            name: entry
            for name, entry in node.entries.items()
            if self.usable(entry.value, clipped(name)) is not None
        }

    def usable(self, node: Node, what: str) -> ScalarNode | None:
        """Return a node if it is a single value that a program can be given."""
        if not isinstance(node, ScalarNode):
            self._wrong_kind(node, what, "a single value", "quote it if it is meant as text")
            return None
        if node.broken:
            return None
        match = _UNUSABLE.search(node.text)
        if match is not None:
            wrong = f"{what} of {self.label} holds the character U+{ord(match.group()):04X}"
            self.problems.add(node.place, wrong, "remove it")
            return None
        return node

    def ignore(self, *keys: str) -> None:
        """Take keys that are known but mean nothing to cpost."""
        self._asked.update(dict.fromkeys(keys))

    def close(self) -> None:
        """Note all keys that were never asked for."""
        for key, entry in self._entries.items():
            if key not in self._asked:
                self.problems.unknown_key(entry.place, self.label, key, self._asked)

    def missing(self, key: str, right: str) -> None:
        """Note that a key is needed."""
        self.problems.add(self.place, f"{self.label} has no '{key}'", right)

    def _wrong_kind(self, node: Node, what: str, wanted: str, right: str) -> None:
        wrong = f"{what} of {self.label} must be {wanted}, not {kind_of(node)}"
        self.problems.add(node.place, wrong, right)
