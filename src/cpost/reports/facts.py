"""The quiet lines under a table: what else is known; what is not known is left out, never 0."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence

from cpost.record.run import OwnUse
from cpost.reports import phrases
from cpost.reports.gpu_words import gpu_words
from cpost.sizing.sized_run import SizedRun
from cpost.units import (
    BYTES_PER_MB,
    NS_PER_SECOND,
    NS_PER_USEC,
    USEC_PER_SECOND,
    format_megabytes,
)

WIDEST_COLUMNS = 100
_INDENT = "  "
_UNBREAKABLE = "\xa0"


def terminal_columns() -> int:
    """Return how wide lines may be here: as wide as the terminal, and 100 columns at most."""
    return min(WIDEST_COLUMNS, shutil.get_terminal_size((WIDEST_COLUMNS, 24)).columns)


def fact_lines(sized: SizedRun, columns: int = WIDEST_COLUMNS) -> list[str]:
    """Return the lines under an operator's table, wrapped between facts, never within one."""
    result, summary = sized.run.result, sized.summary
    waited = phrases.waited(result)
    facts = (
        ("memory: ", (phrases.memory(summary, result),)),
        ("CPU: ", (phrases.cpu(summary, result), phrases.cores(summary))),
        (
            "waited: " if waited else "",
            (waited, phrases.processes(summary), phrases.io(result)),
        ),
        ("GPU: ", gpu_words(result.gpu, sized.recommendation.gpus)),
        ("ended: ", (phrases.ending(result),)),
    )
    told = (f"{heading}{'; '.join(filter(None, words))}" for heading, words in facts if any(words))
    return [line for fact in told for line in wrapped(fact, columns)]


def own_use_line(own: OwnUse) -> str:
    """Return what cpost itself used in the session, and how late its samples were."""
    cores = own.cpu_usec * NS_PER_USEC / own.wall_ns if own.wall_ns else 0.0
    line = f"cpost itself: {cores * 100:.1f} % of a core ({own.cpu_usec / USEC_PER_SECOND:.2f} s)"
    if own.memory_peak_bytes is not None:
        line += f", {own.memory_peak_bytes / BYTES_PER_MB:.0f} MB"
    if own.late_p50_ns is None or own.late_p99_ns is None:
        return line
    median, worst = _milliseconds(own.late_p50_ns), _milliseconds(own.late_p99_ns)
    return f"{line}; samples late by {median} (median), {worst} (p99)"


def start_up_line(runs: Sequence[SizedRun]) -> str:
    """Return what starting a container costs here; empty where that was not measured."""
    starts = [one.run.result.start_up for one in runs]
    cpu_usec = next((one.cpu_usec for one in starts if one.cpu_usec is not None), None)
    memory = (one.memory_peak_bytes for one in starts if one.memory_peak_bytes is not None)
    memory_bytes = next(memory, None)
    costs = []
    if cpu_usec is not None:
        costs.append(f"{cpu_usec / USEC_PER_SECOND:.3f} s of CPU")
    if memory_bytes is not None:
        costs.append(format_megabytes(memory_bytes))
    if not costs:
        return ""
    cost = " and ".join(costs)
    return f"starting a container costs {cost} here: it is in every operator's figures"


def wrapped(text: str, columns: int) -> list[str]:
    """Return ``text`` in lines of at most ``columns``, broken only behind commas and semicolons.

    A single fact that is wider stays whole.
    """
    glued = text.replace(" ", _UNBREAKABLE)
    for mark in (",", ";"):
        glued = glued.replace(f"{mark}{_UNBREAKABLE}", f"{mark} ")
    lines = textwrap.wrap(
        glued,
        columns,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_UNBREAKABLE, " ") for line in lines]


def wrapped_sentence(text: str, columns: int) -> list[str]:
    """Return ``text`` in lines of at most ``columns``, broken between words.

    An option stays with its value, and a word that is wider stays whole.
    """
    lines = textwrap.wrap(
        re.sub(r"(--\w+) ", rf"\1{_UNBREAKABLE}", text),
        columns,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_UNBREAKABLE, " ") for line in lines]


def _milliseconds(ns: int) -> str:
    """Return a lateness with two digits that count: ``0.06 ms``, ``0.3 ms``, ``12 ms``."""
    value = ns * 1000 / NS_PER_SECOND
    return f"{value:.0f} ms" if value >= 10 else f"{float(f'{value:.2g}'):g} ms"
