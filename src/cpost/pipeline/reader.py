"""The definition reader: from a file to a ``Pipeline``, or to everything that is wrong with it.

The flow: text (``document``) → nodes (``compose``) → templates filled in and imports put in their
place (``template``, ``imports``) → nouns (``operators`` and below) → inputs led to their outputs
(``resolve``).
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpost.pipeline.compose import compose
from cpost.pipeline.document import read_text
from cpost.pipeline.fields import Fields
from cpost.pipeline.imports import Defaults, Importer, declared_parameters
from cpost.pipeline.model import Operator, Pipeline
from cpost.pipeline.nodes import Entry, ListNode, MapNode, Node, is_null, kind_of
from cpost.pipeline.operators import incomplete_operator, read_operator
from cpost.pipeline.problems import Place, Problem, Problems, RefusedError, shown
from cpost.pipeline.resolve import resolve
from cpost.pipeline.rules import check_name
from cpost.pipeline.template import JOB_ID, Budget, Scope

_VERSIONS = ("0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0")
_ASSUMED_VERSION = "0.4.0"
_ORCHESTRATORS = ("Clara", "Argo")
_EXPANDED_APART = frozenset({"parameters", "operators"})  # each in a scope of its own
_OPERATOR_KEYS = frozenset({"container", "input", "output", "import"})
_HEAD = "a pipeline begins with api-version: and name:, and has its operators below operators:"
_REMEDY = "give --param {name}=VALUE, or a default under parameters"


@dataclass(frozen=True, slots=True)
class ReadPipeline:
    """A pipeline, and what is doubtful about its definition, one line each."""

    pipeline: Pipeline
    warnings: tuple[str, ...]


def read_pipeline(
    path: Path, parameters: Mapping[str, str], *, job_id: str, strict: bool = False
) -> ReadPipeline:
    """Read the definition in ``path``.

    ``parameters`` win over the defaults in the file; ``job_id`` stands for ``${{JOB_ID}}``. With
    ``strict`` unknown keys are errors, else warnings. Raises DefinitionError, whose message holds
    all problems in the order of their places, one a line: ``file:line:column: what is wrong: what
    would be right``. Problems of the file as a whole have neither line nor column.
    """
    problems = Problems(strict=strict)
    try:
        text = read_text(path)
        root = _pipeline_node(compose(text, str(path), problems), str(path))
        pipeline = _Reading(path, text, problems, job_id).pipeline(root, parameters)
    except RefusedError as refused:
        problems.add_problem(refused.problem)
        raise problems.error(str(path)) from None
    if problems.found:
        raise problems.error(str(path))
    return ReadPipeline(pipeline, problems.warnings())


def _pipeline_node(root: Node | None, file: str) -> MapNode:
    """Return the mapping at the top of a file; RefusedError if it is no pipeline at all."""
    if root is None or is_null(root):
        raise RefusedError(Problem(Place(file, 1, 1), "the file holds nothing", _HEAD))
    if not isinstance(root, MapNode):
        raise RefusedError(Problem(root.place, f"{kind_of(root)} stands at the top", _HEAD))
    if "operators" not in root.entries and not root.entries.keys().isdisjoint(_OPERATOR_KEYS):
        raise RefusedError(Problem(root.place, "this is one operator, not a pipeline", _HEAD))
    return root


class _Reading:
    """The reading of one file whose nodes are at hand."""

    def __init__(self, path: Path, text: str, problems: Problems, job_id: str) -> None:
        self._path = path
        self._text = text
        self._problems = problems
        self._platform = Scope(ChainMap({JOB_ID: job_id}), "", problems, Budget())

    def pipeline(self, root: MapNode, given: Mapping[str, str]) -> Pipeline:
        """Return the pipeline; it means nothing if problems were noted."""
        parameters = self._parameters(root, given)
        scope = self._platform.inner(parameters, _REMEDY)
        expanded = {
            key: entry if key in _EXPANDED_APART else Entry(entry.place, scope.expand(entry.value))
            for key, entry in root.entries.items()
        }
        fields = Fields(MapNode(root.place, expanded), "the pipeline", self._problems)
        fields.ignore("parameters")
        api_version = self._api_version(fields)
        name = fields.required_word("name", "add name: NAME at the top")
        if name is not None:
            check_name(name, "the pipeline", self._problems)
        description = fields.scalar("description")
        secrets = [
            fields.usable(one, "an item of pull-secrets") for one in fields.items("pull-secrets")
        ]
        orchestrator = self._orchestrator(fields)
        operators = self._operators(fields, scope)
        fields.close()
        return Pipeline(
            name=name.text if name is not None else "",
            api_version=api_version,
            operators=operators,
            source=self._path,
            text=self._text,
            parameters={key: value for key, value in parameters.items() if value is not None},
            pull_secrets=tuple(one.text for one in secrets if one is not None),
            orchestrator=orchestrator,
            description=description.text.strip() if description is not None else "",
        )

    def _parameters(self, root: MapNode, given: Mapping[str, str]) -> Defaults:
        parameters = declared_parameters(root, self._platform, "the pipeline", self._problems)
        entry = root.entries.get("parameters")
        place = entry.place if entry is not None else Place(str(self._path), 1, 1)
        for name, value in given.items():
            if name in parameters:
                parameters[name] = value
            else:
                right = self._problems.nearest(name, parameters) or "the file has no parameters"
                wrong = f"--param gives {shown(name)}, which is no parameter"
                self._problems.add(place, wrong, right)
        return parameters

    def _api_version(self, fields: Fields) -> str:
        node = fields.word("api-version")
        if node is None:
            right = f"{_ASSUMED_VERSION} is assumed"
            self._problems.warn(fields.place, "the pipeline has no 'api-version'", right)
            return _ASSUMED_VERSION
        if not re.fullmatch(r"0\.[2-6](\.0)?", node.text):
            wrong = f"api-version {shown(node.text)} is not known to cpost"
            right = f"known: {', '.join(_VERSIONS)}; read as if it were {_VERSIONS[-1]}"
            self._problems.warn(node.place, wrong, right)
        return node.text

    def _orchestrator(self, fields: Fields) -> str | None:
        node = fields.word("orchestrator")
        if node is None:
            return None
        if node.text not in _ORCHESTRATORS:
            wrong = f"orchestrator {shown(node.text)} is not known"
            right = f"write {' or '.join(_ORCHESTRATORS)}; cpost itself needs neither"
            self._problems.warn(node.place, wrong, right)
        return node.text

    def _operators(self, fields: Fields, scope: Scope) -> tuple[Operator, ...]:
        entry = fields.entry("operators")
        if entry is None or (isinstance(entry.value, ListNode) and not entry.value.items):
            fields.missing("operators", "add operators: with at least one '- name: …' below it")
        importer = Importer(self._platform, self._problems)
        drafts = []
        for raw in fields.items("operators"):
            if isinstance(raw, MapNode):
                node, complete = importer.complete(raw, scope, self._path)
                drafts.append(
                    read_operator(node, self._problems) if complete else incomplete_operator(node)
                )
            else:
                wrong = f"an operator must be a mapping, not {kind_of(raw)}"
                self._problems.add(raw.place, wrong, "write - name: NAME, and its fields below")
        return resolve(drafts, self._problems)
