"""``${{ name }}``: parameters put into the strings of a definition."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from cpost.pipeline.document import MAX_FILE_BYTES
from cpost.pipeline.nodes import Entry, ListNode, MapNode, Node, ScalarNode
from cpost.pipeline.problems import Place, Problem, Problems, RefusedError, clipped, shown

JOB_ID = "JOB_ID"
_OPENING = "${{"
_REFERENCE = re.compile(r"\$\{\{([^{}]*)\}\}")


class Budget:
    """How much templates and imports may still make; RefusedError where it is used up.

    A file of a few lines can name a long parameter, or import a file, again and again.
    """

    def __init__(self, characters: int = MAX_FILE_BYTES, nodes: int = 1_000_000) -> None:
        self._characters = characters
        self._nodes = nodes

    def spend_node(self, place: Place) -> None:
        """Take one node from what is left."""
        self._nodes -= 1
        if self._nodes < 0:
            raise RefusedError(Problem(place, "imports grow without end", "import less"))

    def spend_text(self, text: str, place: Place) -> None:
        """Take a text's characters from what is left."""
        self._characters -= len(text)
        if self._characters < 0:
            raise RefusedError(Problem(place, "templates grow without end", "use shorter values"))


class Scope:
    """The parameters that can be named at some place, with their values.

    A parameter that was declared but has no value is None; ``remedy`` says how to give it one,
    with ``{name}`` in the place of its name.
    """

    def __init__(
        self,
        values: ChainMap[str, str | None],
        remedy: str,
        problems: Problems,
        budget: Budget,
    ) -> None:
        self._values = values
        self._remedy = remedy
        self._problems = problems
        self._budget = budget

    def inner(self, values: Mapping[str, str | None], remedy: str | None = None) -> Scope:
        """Return a scope where ``values`` are known besides, and win; None keeps the remedy."""
        known = self._values.new_child(dict(values))
        return Scope(known, remedy or self._remedy, self._problems, self._budget)

    def expand(self, node: Node) -> Node:
        """Return the node with all its strings expanded; what is wrong goes to the problems."""
        self._budget.spend_node(node.place)
        if isinstance(node, ScalarNode):
            return self._expand_scalar(node)
        if isinstance(node, ListNode):
            return ListNode(node.place, tuple(map(self.expand, node.items)))
        return MapNode(
            node.place,
            {
                key: Entry(entry.place, self.expand(entry.value))
                for key, entry in node.entries.items()
            },
        )

    def _expand_scalar(self, node: ScalarNode) -> ScalarNode:
        if _OPENING not in node.text:
            return node
        pieces: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(node.text):
            value = self._value(match[1].strip(), node.place)
            if value is None:
                return replace(node, broken=True)
            pieces += (node.text[end : match.start()], value)
            end = match.end()
        literals = [*pieces[::2], node.text[end:]]
        if any(_OPENING in literal for literal in literals):
            self._problems.add(node.place, "a template has no end", "write ${{ name }}")
            return replace(node, broken=True)
        # As if quoted: what a parameter gives is text, even if it reads "null" or nothing.
        return ScalarNode(node.place, "".join(pieces) + literals[-1], plain=False)

    @cached_property
    def _names(self) -> list[str]:
        return list(self._values)  # a chain of mappings is slow to count

    def _value(self, name: str, place: Place) -> str | None:
        """Return the value of a parameter; None after noting a problem."""
        if name not in self._values:
            right = self._problems.nearest(name, self._names)
            self._problems.add(place, f"no parameter is called {shown(name)}", right)
            return None
        value = self._values[name]
        if value is None:
            right = self._remedy.format(name=clipped(name))
            self._problems.add(place, f"the parameter {shown(name)} has no value", right)
        else:
            self._budget.spend_text(value, place)
        return value
