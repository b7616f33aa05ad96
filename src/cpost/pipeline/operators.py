"""One operator: its mapping, complete and expanded, read into nouns.

Where its inputs come from cannot be told before all operators are known; until then an operator
is a draft.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cpost.pipeline.containers import read_container
from cpost.pipeline.fields import Fields
from cpost.pipeline.model import ContainerImage, Operator, Output
from cpost.pipeline.nodes import MapNode, ScalarNode
from cpost.pipeline.problems import Place, Problems, shown
from cpost.pipeline.requests import read_requests
from cpost.pipeline.rules import check_model, check_name, container_path
from cpost.pipeline.services import read_services

_TYPES = ("type", "element-type", "shape", "format")
_WITHOUT_MEANING = ("api-version", "parameters", "import")  # here: what they say was used before


@dataclass(frozen=True, slots=True)
class DraftInput:
    """An input as written; ``operator`` and ``output`` are None where the file names none."""

    place: Place
    path: str | None
    operator: ScalarNode | None
    output: ScalarNode | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An operator that has no inputs yet.

    ``name`` is None where it could not be read. ``complete`` is False where an import could not
    be had: its outputs are not known, so no input from it can be judged.
    """

    place: Place
    name: ScalarNode | None
    operator: Operator
    inputs: tuple[DraftInput, ...] = ()
    complete: bool = True


def read_operator(node: MapNode, problems: Problems) -> Draft:
    """Read an operator; what is wrong goes to the problems."""
    fields = Fields(node, "an operator", problems)
    name = fields.required_word("name", "add name: NAME")
    if name is not None:
        check_name(name, "the operator", problems)
        fields.label = f"operator {shown(name.text)}"
    description = fields.scalar("description")
    container, variables = read_container(fields)
    paths = _Paths(fields)
    inputs = tuple(
        _read_input(one, paths) for one in fields.mappings("input", f"an input of {fields.label}")
    )
    operator = Operator(
        name=name.text if name is not None else "",
        container=container,
        description=description.text.strip() if description is not None else "",
        outputs=tuple(_read_outputs(fields, paths)),
        requests=read_requests(fields),
        services=read_services(fields),
        models=tuple(_read_models(fields)),
        variables=variables,
    )
    fields.ignore(*_WITHOUT_MEANING)
    fields.close()
    return Draft(node.place, name, operator, inputs)


def incomplete_operator(node: MapNode) -> Draft:
    """Return what can be said of an operator whose import could not be had: its name, perhaps."""
    entry = node.entries.get("name")
    name = entry.value if entry is not None and isinstance(entry.value, ScalarNode) else None
    operator = Operator(name.text if name is not None else "", ContainerImage(""))
    return Draft(node.place, name, operator, complete=False)


class _Paths:
    """The container paths of one operator, each of which can be mounted only once."""

    def __init__(self, operator: Fields) -> None:
        self._operator = operator
        self._taken: dict[str, int] = {}

    def read(self, node: ScalarNode, what: str) -> str:
        """Return the path in its shortest form, "" after noting a problem."""
        problems = self._operator.problems
        path = container_path(node, f"{what} of {self._operator.label}", problems)
        if path in self._taken:
            wrong = f"{self._operator.label} has two folders at {shown(path)}"
            right = f"give this one a path of its own, the other is in line {self._taken[path]}"
            problems.add(node.place, wrong, right)
        elif path:
            self._taken[path] = node.place.line
        return path


def _read_input(fields: Fields, paths: _Paths) -> DraftInput:
    operator, output, path = fields.word("from"), fields.word("name"), fields.word("path")
    if fields.entry("path") is None and fields.entry("type") is None:
        fields.problems.warn(fields.place, f"{fields.label} has no path", "it is not mounted")
    fields.ignore(*_TYPES)
    fields.close()
    return DraftInput(
        place=fields.place,
        path=(paths.read(path, "an input") or None) if path is not None else None,
        operator=operator,
        output=output,
    )


def _read_outputs(operator: Fields, paths: _Paths) -> Iterator[Output]:
    taken: dict[str, int] = {}
    all_fields = operator.mappings("output", f"an output of {operator.label}")
    for fields in all_fields:
        name = fields.word("name")
        path = fields.required_word("path", "add path: /FOLDER")
        fields.ignore(*_TYPES)
        fields.close()
        if name is not None:
            check_name(name, "the output", fields.problems)
            if name.text.lower() in taken:
                wrong = f"{operator.label} has two outputs called {shown(name.text)}"
                right = f"rename one, the first is in line {taken[name.text.lower()]}"
                fields.problems.add(name.place, wrong, right)
            taken[name.text.lower()] = name.place.line
        elif len(all_fields) > 1:
            wrong = f"an output of {operator.label} has no name"
            fields.problems.add(fields.place, wrong, "add name: NAME, because it has several")
        yield Output(
            path=paths.read(path, "an output") if path is not None else "",
            name=name.text if name is not None else None,
        )


def _read_models(operator: Fields) -> Iterator[str]:
    taken: dict[str, int] = {}
    for fields in operator.mappings("models", f"a model of {operator.label}"):
        name = fields.required_word("name", "add name: NAME")
        fields.close()
        if name is not None:
            check_model(name, fields.problems)
            if name.text in taken:
                wrong = f"{operator.label} names the model {shown(name.text)} twice"
                right = f"remove this one, the first is in line {taken[name.text]}"
                fields.problems.add(name.place, wrong, right)
            taken.setdefault(name.text, name.place.line)
            yield name.text
