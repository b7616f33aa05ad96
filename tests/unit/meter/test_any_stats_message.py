"""Whatever an engine sends as its statistics: a number is what it told, or None."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from stats_messages import DOCKER_V1, DOCKER_V2, PODMAN

from cpost.meter.engine_stats import EngineStatsReader
from cpost.meter.sample import Sample
from cpost.meter.stats_message import parse_message

GARBAGE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.text(),
    st.floats(),
    st.integers(max_value=-1),
    st.integers(min_value=1 << 62),
    st.lists(st.none() | st.integers(), min_size=1),
    st.dictionaries(st.text(), st.integers()),
)
ANYTHING = st.recursive(
    GARBAGE | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
)


def places(part: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where something stands in a message, at any depth."""
    keys = part.keys() if isinstance(part, dict) else range(len(part))
    found = []
    for key in keys if isinstance(part, (dict, list)) else ():
        found.append((*above, key))
        if isinstance(part[key], (dict, list)):
            found += places(part[key], (*above, key))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a message and the same with one thing in it replaced by what cannot be true."""
    whole = draw(st.sampled_from([DOCKER_V1, DOCKER_V2, PODMAN]))
    broken = copy.deepcopy(whole)
    *above, last = draw(st.sampled_from(places(whole)))
    part: Any = broken
    for key in above:
        part = part[key]
    # Words are no garbage where one says what is counted: it might be something new.
    part[last] = draw(GARBAGE.filter(lambda one: last != "op" or not isinstance(one, str)))
    return whole, broken


@given(damaged())
def test_what_cannot_be_true_is_none_and_touches_no_other_figure(
    messages: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    whole, broken = (parse_message(one, at_ns=1, wall_ns=2) for one in messages)
    assert whole is not None
    if broken is None:
        return
    sample, totals = broken
    for name, right in whole[0]._asdict().items():
        assert getattr(sample, name) in (right, None)
    for name in totals.__slots__:
        assert getattr(totals, name) in (getattr(whole[1], name), None)


@given(st.dictionaries(st.sampled_from([*DOCKER_V1, "x"]), ANYTHING))
def test_no_message_is_an_error(message: Mapping[str, Any]) -> None:
    parse_message(message, at_ns=1, wall_ns=2)


class Clock:
    """Moves on by a second and a bit with every message."""

    def __init__(self, delays_ns: list[int]) -> None:
        self._delays_ns = iter(delays_ns)
        self.now_ns = 10**15

    def monotonic_ns(self) -> int:
        self.now_ns += 10**9 + next(self._delays_ns, 0)
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns


@given(
    st.lists(st.integers(min_value=1, max_value=59), min_size=1, max_size=8),
    st.lists(st.integers(min_value=0, max_value=5 * 10**9), max_size=8),
)
def test_time_never_goes_back_nor_ahead_of_ours_whatever_is_done_to_the_engines_clock(
    seconds: list[int], delays_ns: list[int]
) -> None:
    clock = Clock(delays_ns)
    found: list[tuple[Sample, int]] = []
    can_begin, has_ended = threading.Event(), threading.Event()

    def stream() -> Iterator[Mapping[str, Any]]:
        can_begin.wait()
        for second in seconds:
            yield {**DOCKER_V2, "read": f"2024-05-01T10:00:{second:02d}Z"}
            # Whoever asks for the next message has dealt with this one.
            if (sample := reader.sample()) is not None:
                found.append((sample, clock.now_ns))
        has_ended.set()

    with EngineStatsReader(stream, clock) as reader:
        can_begin.set()
        assert has_ended.wait(10)
    times_ns = [sample.at_ns for sample, _ in found]
    assert times_ns
    assert times_ns == sorted(set(times_ns))
    assert all(sample.at_ns <= now_ns + 10**9 for sample, now_ns in found)
