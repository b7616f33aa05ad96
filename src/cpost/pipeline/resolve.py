"""From drafts to operators: where every input comes from, and that nothing goes in circles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from cpost.pipeline.model import Input, Operator, Output
from cpost.pipeline.nodes import ScalarNode
from cpost.pipeline.operators import Draft, DraftInput
from cpost.pipeline.order import cycles
from cpost.pipeline.problems import Problems, clipped, shown

_LEAVE_OUT = "its only output has none, leave name: out"


def resolve(drafts: Sequence[Draft], problems: Problems) -> tuple[Operator, ...]:
    """Return the operators with their inputs; what is wrong goes to the problems.

    Names are compared without case and come out as the operator itself writes them.
    """
    by_name: dict[str, Draft] = {}
    for draft in drafts:
        if draft.name is not None:
            _note_if_taken(draft.name, by_name, problems)
            by_name.setdefault(draft.name.text.lower(), draft)
    resolver = _Resolver(drafts, by_name, problems)
    operators = tuple(
        replace(draft.operator, inputs=tuple(resolver.resolved(one) for one in draft.inputs))
        for draft in drafts
    )
    _note_cycles(drafts, operators, problems)
    return operators


def _note_if_taken(name: ScalarNode, by_name: Mapping[str, Draft], problems: Problems) -> None:
    first = by_name.get(name.text.lower())
    if first is not None:
        wrong = f"a second operator is called {shown(name.text)}"
        where = first.name.place if first.name is not None else first.place
        right = f"rename one, the first is in line {where.line}; case does not count"
        problems.add(name.place, wrong, right)


class _Resolver:
    def __init__(
        self, drafts: Sequence[Draft], by_name: Mapping[str, Draft], problems: Problems
    ) -> None:
        self._by_name = by_name
        self._names = [draft.name.text for draft in by_name.values() if draft.name is not None]
        self._all_named = all(one.complete or one.name is not None for one in drafts)
        self._problems = problems
        self._outputs: dict[str, dict[str, Output]] = {}

    def resolved(self, draft_input: DraftInput) -> Input:
        """Return the input; one whose source cannot be had looks like one of the payload."""
        name = draft_input.operator
        if name is None:
            return Input(draft_input.path)
        source = self._by_name.get(name.text.lower())
        if source is None:
            if self._all_named:
                right = self._problems.nearest(name.text, self._names)
                wrong = f"no operator is called {shown(name.text)}"
                self._problems.add(name.place, wrong, right)
            return Input(draft_input.path)
        output = self._output(source, draft_input, name) if source.complete else None
        return Input(
            draft_input.path, source.operator.name, output.name if output is not None else None
        )

    def _output(self, source: Draft, draft_input: DraftInput, name: ScalarNode) -> Output | None:
        """Return the output that is meant; None after noting a problem."""
        outputs, wanted = source.operator.outputs, draft_input.output
        label = f"operator {shown(source.operator.name)}"
        if not outputs:
            self._problems.add(name.place, f"{label} has no output", "add output: to it")
            return None
        by_name = self._outputs_of(source)
        if wanted is None:
            if len(outputs) == 1:
                return outputs[0]
            right = f"add name: with one of {', '.join(map(clipped, islice(by_name, 8)))}"
            self._problems.add(name.place, f"{label} has several outputs", right)
            return None
        output = by_name.get(wanted.text.lower())
        if output is None:
            right = self._problems.nearest(wanted.text, by_name) or _LEAVE_OUT
            wrong = f"{label} has no output called {shown(wanted.text)}"
            self._problems.add(wanted.place, wrong, right)
        return output

    def _outputs_of(self, source: Draft) -> dict[str, Output]:
        """Return the outputs that have a name, by their names in lower case."""
        key = source.operator.name.lower()
        if key not in self._outputs:
            self._outputs[key] = {
                one.name.lower(): one for one in source.operator.outputs if one.name is not None
            }
        return self._outputs[key]


def _note_cycles(
    drafts: Sequence[Draft], operators: Sequence[Operator], problems: Problems
) -> None:
    sources = {
        operator.name: [one.from_operator for one in operator.inputs if one.from_operator]
        for operator in operators
    }
    drafts_by_name = {draft.operator.name: draft for draft in drafts}
    for cycle in cycles(sources):
        first, last = cycle[0], cycle[-1]
        places = [
            one.operator.place
            for one in drafts_by_name[first].inputs
            if one.operator is not None and one.operator.text.lower() == last.lower()
        ]
        shape = " → ".join(map(clipped, [*cycle, first]))
        wrong = f"operators wait for one another in a circle, {shape}"
        problems.add(places[0], wrong, "remove one of these inputs")
