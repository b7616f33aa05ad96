"""From a text to nodes: YAML's events put together, within limits.

Nothing is constructed from tags and nothing recurses, so that no file, however hostile, can do
more than be refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from cpost.pipeline.nodes import Entry, ListNode, MapNode, Node, ScalarNode
from cpost.pipeline.problems import Place, Problem, Problems, RefusedError, clipped, shown

MAX_NODES = 250_000  # a pipeline of 1,000 operators has about 30,000
MAX_DEPTH = 50
_CHARACTERS_PER_NODE = 64
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_CORE_TAGS = frozenset({None, "!"}) | {
    _TAG + name for name in ("map", "seq", "str", "int", "float", "bool", "null")
}
_PLAIN_STYLES = (None, "")  # the C loader says None, the other one ""


def compose(text: str, file: str, problems: Problems) -> Node | None:
    """Return the root node of the one document in ``text``, None if there is nothing in it.

    Small mistakes (a duplicate key, an unknown tag) go to ``problems``; RefusedError is raised
    where the text is not YAML or exceeds a limit.
    """
    composer = _Composer(file, problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        raise RefusedError(_syntax_problem(error, text, file)) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an escape that is no character
        raise RefusedError(Problem(Place(file, 1, 1), f"not YAML: {error}")) from None
    return composer.root


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been seen yet."""

    place: Place
    is_map: bool
    anchor: str | None
    children: list[Node] = field(default_factory=list)
    size: int = 1  # itself and what it holds, what aliases bring included
    height: int = 1  # levels, itself and what aliases bring included


class _Composer:
    def __init__(self, file: str, problems: Problems) -> None:
        self.root: Node | None = None
        self._file = file
        self._problems = problems
        self._stack: list[_Open] = []
        # With size and height; None while the anchor's own node has not ended.
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        if isinstance(event, yaml.ScalarEvent):
            self._check_tag(event)
            plain = event.style in _PLAIN_STYLES
            node = ScalarNode(self._place(event), event.value, plain)
            # Long texts count too, or an alias could multiply them.
            self._add(node, event.anchor, size=1 + len(node.text) // _CHARACTERS_PER_NODE)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._add_alias(event)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._check_tag(event)
        place = self._place(event)
        self._check_depth(place, 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(place, is_map, event.anchor))

    def _close(self) -> None:
        ended = self._stack.pop()
        node: Node = (
            self._mapping(ended) if ended.is_map else ListNode(ended.place, tuple(ended.children))
        )
        self._add(node, ended.anchor, ended.size, ended.height)

    def _add_alias(self, event: yaml.AliasEvent) -> None:
        name, place = str(event.anchor), self._place(event)
        if name not in self._anchors:
            right = self._problems.nearest(name, self._anchors) or "there is no anchor at all"
            raise RefusedError(Problem(place, f"no anchor is called &{clipped(name)}", right))
        anchored = self._anchors[name]
        if anchored is None:
            raise RefusedError(Problem(place, f"*{clipped(name)} contains itself", "write it out"))
        node, size, height = anchored
        self._check_depth(place, height)
        self._add(node, None, size, height)

    def _add(self, node: Node, anchor: str | None, size: int = 1, height: int = 0) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size, height)
        if self._stack:
            parent = self._stack[-1]
            parent.children.append(node)
            parent.size += size
            parent.height = max(parent.height, height + 1)
            if parent.size > MAX_NODES:
                wrong = f"grows to more than {MAX_NODES} values, aliases included"
                raise RefusedError(Problem(node.place, wrong, "is this a pipeline definition?"))
        elif self.root is None:
            self.root = node
        elif not (isinstance(node, ScalarNode) and node.is_null):
            right = "keep one pipeline in a file"
            raise RefusedError(Problem(node.place, "a second document begins here", right))

    def _mapping(self, ended: _Open) -> MapNode:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        pairs = zip(ended.children[::2], ended.children[1::2], strict=True)
        for key, value in pairs:
            if not isinstance(key, ScalarNode):
                self._problems.add(key.place, "a key must be a word", "write key: value")
            elif key.plain and key.text == "<<":
                merged.append(value)
            elif key.text in entries:
                first = entries[key.text].place
                self._problems.add(
                    key.place,
                    f"the key {shown(key.text)} stands here a second time",
                    f"keep one, the first is in line {first.line}",
                )
            else:
                entries[key.text] = Entry(key.place, value)
        for value in merged:
            self._merge(value, entries)
        return MapNode(ended.place, entries)

    def _merge(self, node: Node, entries: dict[str, Entry]) -> None:
        """Add what ``<<: *defaults`` (or a list of them) brings; keys that are there win."""
        for source in node.items if isinstance(node, ListNode) else (node,):
            if isinstance(source, MapNode):
                for key, entry in source.entries.items():
                    entries.setdefault(key, entry)
            else:
                self._problems.add(source.place, "<< needs a mapping", "write <<: *its-anchor")

    def _check_depth(self, place: Place, height: int) -> None:
        if len(self._stack) + height > MAX_DEPTH:
            wrong = f"nested deeper than {MAX_DEPTH} levels"
            raise RefusedError(Problem(place, wrong, "a definition needs fewer than 10"))

    def _check_tag(self, event: yaml.NodeEvent) -> None:
        tag: str | None = getattr(event, "tag", None)
        if tag not in _CORE_TAGS:
            wrong = f"the tag {shown(str(tag))} means nothing here"
            self._problems.add(self._place(event), wrong, "remove it")

    def _place(self, event: yaml.Event) -> Place:
        return _place(self._file, event.start_mark)


def _place(file: str, mark: Any) -> Place:
    """Return the place of a mark, which counts from 0; the first place if there is none."""
    return Place(file, 1, 1) if mark is None else Place(file, mark.line + 1, mark.column + 1)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    place = _place(file, error.problem_mark or error.context_mark)
    line = [*text.splitlines()[: place.line], ""][place.line - 1]
    if "\t" in line[: place.column]:
        return Problem(place, "not YAML: a tab stands here", "use spaces for indentation")
    context = f" {error.context}" if error.context else ""
    right = "look for a missing colon, quote or bracket, and at the indentation"
    if "${{" in line:  # its braces are YAML's own within { } and [ ]
        right = "put a template between quotes, '${{ name }}'"
    return Problem(place, f"not YAML: {error.problem}{context}", right)
