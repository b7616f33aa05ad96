"""The order of execution."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpost.pipeline.model import ContainerImage, Input, Operator, Pipeline
from cpost.pipeline.order import cycles, execution_order


def pipeline(**sources: str) -> Pipeline:
    """Return a pipeline of operators by name, each with the letters of those it reads from."""
    operators = tuple(
        Operator(name, ContainerImage("x"), inputs=tuple(Input("/in", one) for one in names))
        for name, names in sources.items()
    )
    return Pipeline("p", "0.4.0", operators, Path("p.yaml"), "")


def order(**sources: str) -> str:
    return "".join(one.name for one in execution_order(pipeline(**sources)))


def test_the_order_of_the_file_is_kept_where_nothing_speaks_against_it() -> None:
    assert order(a="", b="a", c="a", d="bc", e="") == "abcde"


def test_an_operator_comes_after_all_it_reads_from() -> None:
    assert order(a="b", b="c", c="") == "cba"


def test_operators_without_edges_are_executed_in_their_place() -> None:
    assert order(a="d", b="", c="", d="") == "bcda"


def test_an_operator_that_reads_twice_from_another_is_executed_once() -> None:
    assert order(a="bb", b="") == "ba"


def test_the_payload_is_not_waited_for() -> None:
    operators = (Operator("a", ContainerImage("x"), inputs=(Input("/in"),)),)
    assert execution_order(Pipeline("p", "0.4.0", operators, Path("p"), "")) == operators


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match=r"in a cycle: a, b, c$"):
        order(z="", a="b", b="a", c="b")


def test_cycles_are_shown_in_the_direction_of_the_data_from_the_first_in_the_file() -> None:
    # b reads from a, c from b, a from c: the data goes from a to b to c and back.
    assert cycles({"x": "c", "a": "c", "b": "a", "c": "b"}) == [["a", "b", "c"]]


def test_cycles_apart_from_one_another_are_all_found() -> None:
    found = cycles({"a": "b", "b": "a", "c": "ad", "d": "c", "e": "e"})
    assert sorted(map(sorted, found)) == [["a", "b"], ["c", "d"], ["e"]]


def test_a_long_row_in_reverse_order_is_sorted_in_good_time() -> None:
    count = 20_000
    operators = tuple(
        Operator(
            f"o{n}", ContainerImage("x"), inputs=(Input("/i", f"o{n + 1}"),) if n < count else ()
        )
        for n in range(count + 1)
    )
    began = process_time()
    result = execution_order(Pipeline("p", "0.4.0", operators, Path("p"), ""))
    assert result == operators[::-1]
    assert process_time() - began < 2


GRAPHS = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.sets(st.integers(0, n - 1), max_size=3), min_size=n, max_size=n)
)


@given(GRAPHS)
def test_every_graph_has_either_an_order_or_a_cycle(graph: list[set[int]]) -> None:
    sources = {f"o{n}": [f"o{one}" for one in sorted(reads)] for n, reads in enumerate(graph)}
    operators = tuple(
        Operator(name, ContainerImage("x"), inputs=tuple(Input("/i", one) for one in names))
        for name, names in sources.items()
    )
    whole = Pipeline("p", "0.4.0", operators, Path("p"), "")
    found = cycles(sources)
    if not found:
        names = [one.name for one in execution_order(whole)]
        assert sorted(names) == sorted(sources)
        position = {name: index for index, name in enumerate(names)}
        assert all(position[one] < position[name] for name in names for one in sources[name])
        return
    for cycle in found:
        follows = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
        assert all(before in sources[after] for before, after in follows)
    with pytest.raises(ValueError, match="cycle"):
        execution_order(whole)
