"""``import``: an operator whose fields, or some of them, stand in another file.

What comes out is an operator's mapping without imports and templates. Fields beside ``import``
win over those of the imported file.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from cpost.pipeline.compose import compose
from cpost.pipeline.document import read_text
from cpost.pipeline.fields import Fields
from cpost.pipeline.nodes import Entry, MapNode, Node, ScalarNode, is_null, kind_of
from cpost.pipeline.problems import Place, Problem, Problems, RefusedError, clipped, shown
from cpost.pipeline.template import Scope

_MAX_CHAIN = 20
_REMEDY = "give it a value under import: args, or a default in the imported file"
_RIGHT = "write import: with path: FILE below it"

Defaults: TypeAlias = "dict[str, str | None]"
"""Parameters by name; None where one has no value yet."""


def declared_parameters(node: MapNode, scope: Scope, label: str, problems: Problems) -> Defaults:
    """Return what ``parameters`` of a mapping declares, with the defaults, None where none is."""
    fields = Fields(node, label, problems)
    values: dict[str, str | None] = {}
    declared = fields.mapping("parameters")
    for name, entry in (declared.entries if declared is not None else {}).items():
        values[name] = None
        if not is_null(entry.value):
            value = fields.usable(scope.expand(entry.value), f"parameter {shown(name)}")
            values[name] = "" if value is None else value.text
    return values


class Importer:
    """Completes the operators of one pipeline; every imported file is read once.

    ``platform`` is the scope that imported files begin with: nothing of the pipeline that
    imports them, only what their arguments and the platform give.
    """

    def __init__(self, platform: Scope, problems: Problems) -> None:
        self._platform = platform
        self._problems = problems
        self._documents: dict[str, MapNode | None] = {}

    def complete(self, node: MapNode, scope: Scope, file: Path) -> tuple[MapNode, bool]:
        """Return an operator of the pipeline in ``file``, expanded, and whether it is complete.

        It is not if an import could not be had; the problems know why.
        """
        parameters = declared_parameters(node, scope, "an operator", self._problems)
        return self._complete(node, scope.inner(parameters), (file,))

    def _complete(
        self, node: MapNode, scope: Scope, chain: tuple[Path, ...]
    ) -> tuple[MapNode, bool]:
        """Return the same of a mapping that stands in the last file of ``chain``."""
        others = {
            key: Entry(entry.place, scope.expand(entry.value))
            for key, entry in node.entries.items()
            if key not in {"import", "parameters"}
        }
        if "import" not in node.entries or is_null(node.entries["import"].value):
            return MapNode(node.place, others), True
        imported = self._imported(scope.expand(node.entries["import"].value), chain)
        if imported is None:
            return MapNode(node.place, others), False
        base, complete = imported
        given = {key: entry for key, entry in others.items() if not is_null(entry.value)}
        return MapNode(node.place, {**base.entries, **given}), complete

    def _imported(self, node: Node, chain: tuple[Path, ...]) -> tuple[MapNode, bool] | None:
        if not isinstance(node, MapNode):
            self._problems.add(node.place, f"import must be a mapping, not {kind_of(node)}", _RIGHT)
            return None
        fields = Fields(node, "import", self._problems)
        path = fields.required_word("path", _RIGHT)
        arguments = fields.texts("args")
        fields.close()
        if path is None:
            return None
        file = chain[-1].parent / path.text
        if not self._may_follow(file, path.place, chain):
            return None
        document = self._document(file, path)
        if document is None:
            return None
        label = f"the imported {clipped(str(file))}"
        parameters = declared_parameters(document, self._platform, label, self._problems)
        self._give(arguments, parameters)
        scope = self._platform.inner(parameters, _REMEDY)
        return self._complete(document, scope, (*chain, file))

    def _give(self, arguments: Mapping[str, Entry], parameters: Defaults) -> None:
        """Put the arguments' values in the place of the defaults."""
        for name, entry in arguments.items():
            if name not in parameters:
                right = self._problems.nearest(name, parameters) or "its file has no parameters"
                wrong = f"the imported file has no parameter {shown(name)}"
                self._problems.add(entry.place, wrong, right)
            elif isinstance(entry.value, ScalarNode) and not entry.value.is_null:
                parameters[name] = entry.value.text

    def _may_follow(self, file: Path, place: Place, chain: tuple[Path, ...]) -> bool:
        """Return whether ``file`` can be imported from the last of ``chain``; note why not."""
        known = [_identity(one) for one in chain]
        if _identity(file) in known:
            loop = [*chain[known.index(_identity(file)) :], file]
            names = " → ".join(clipped(one.name) for one in loop)
            self._problems.add(place, f"imports go round in a loop, {names}", "remove one of them")
            return False
        if len(chain) > _MAX_CHAIN:
            wrong = f"more than {_MAX_CHAIN} files import one another in a row"
            self._problems.add(place, wrong, "import fewer")
            return False
        return True

    def _document(self, file: Path, at: ScalarNode) -> MapNode | None:
        """Return the mapping in an imported file; None, with a problem noted, if there is none."""
        identity = _identity(file)
        if identity not in self._documents:
            self._documents[identity] = None  # also if it is refused: once is enough
            try:
                root = compose(read_text(file), str(file), self._problems)
            except RefusedError as refused:
                self._problems.add_problem(_seen_from(refused.problem, at))
                return None
            if isinstance(root, MapNode) and "operators" not in root.entries:
                self._documents[identity] = root
            else:
                self._problems.add_problem(_not_an_operator(root, file))
        return self._documents[identity]


def _not_an_operator(root: Node | None, file: Path) -> Problem:
    place = Place(str(file), 1, 1) if root is None else root.place
    found = "nothing" if root is None else kind_of(root)
    if isinstance(root, MapNode):
        found = "a whole pipeline"
    wrong = f"an imported file must hold one operator, not {found}"
    return Problem(place, wrong, "write its fields (container:, input:, output:) at the top")


def _seen_from(problem: Problem, at: ScalarNode) -> Problem:
    """Return the problem of a file as a whole as one of the place that imports it."""
    if problem.place.line:
        return problem
    wrong = f"the import {shown(at.text)} {problem.wrong}"
    return Problem(at.place, wrong, "its path is relative to the file that imports it")


def _identity(file: Path) -> str:
    # Path.resolve fails on a loop of symbolic links, which is just one more unreadable file here.
    return os.path.realpath(file)
