"""The tables and banners of the original, to the letter; the only module that knows tabulate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tabulate import tabulate

from cpost.record.run import RunResult, RunState
from cpost.reports.cells import UNKNOWN, megabytes, percent, requests
from cpost.reports.gpu_words import gpu_request
from cpost.reports.sidecar_facts import final_rows, operator_rows, sidecar_title
from cpost.sizing.sidecars import SizedSidecar
from cpost.sizing.sized_run import SizedRun

_BANNER_WIDTH = 60


@dataclass(frozen=True, slots=True)
class _Column:
    """A heading, and what stands under it for CPU and for memory."""

    heading: str
    cpu: Callable[[SizedRun], str]
    memory: Callable[[SizedRun], str]


_COLUMNS = (
    _Column("Metric", lambda _: "CPU", lambda _: "Memory"),
    _Column(
        "Average",
        lambda sized: percent(sized.summary.cpu_average_cores),
        lambda sized: megabytes(sized.summary.memory_average_bytes),
    ),
    _Column(
        "Maximum",
        lambda sized: percent(sized.summary.cpu_maximum_cores),
        lambda sized: megabytes(sized.summary.memory_peak_bytes),
    ),
    _Column("Resource", lambda sized: _requests(sized)[0], lambda sized: _requests(sized)[1]),
)


def banner(text: str) -> str:
    """Return ``text`` amid underscores, 60 characters wide, or wider where the text is."""
    return f"{text:_^{_BANNER_WIDTH}}"


def operator_table(sized: SizedRun) -> str:
    """Return the table of one operator: a row for CPU, a row for memory."""
    rows = [[one.cpu(sized) for one in _COLUMNS], [one.memory(sized) for one in _COLUMNS]]
    headings = [one.heading for one in _COLUMNS]
    return tabulate(rows, headings, tablefmt="pretty", disable_numparse=True)


def sidecar_table(sidecar: SizedSidecar) -> str:
    """Return the table of one server beside an operator, under its name."""
    headings = ["Metric", "Average", "Maximum", "By the operator"]
    table = tabulate(operator_rows(sidecar), headings, tablefmt="pretty", disable_numparse=True)
    return f"{sidecar_title(sidecar)}\n{table}"


def final_table(runs: Sequence[SizedRun]) -> str:
    """Return the table of all operators, in the order of ``runs``."""
    rows = [_final_row(sized) for sized in runs]
    rows += final_rows(runs)
    headings = ["Operator", *(one.heading for one in _COLUMNS)]
    return tabulate(rows, headings, tablefmt="grid", disable_numparse=True)


def _final_row(sized: SizedRun) -> list[str]:
    cells = [f"{one.cpu(sized)}\n{one.memory(sized)}" for one in _COLUMNS]
    resource = "\n".join((cells.pop(), *gpu_request(sized.recommendation.gpus)))
    return [_title(sized), *cells, resource]


def _title(sized: SizedRun) -> str:
    mark = _mark(sized.run.result)
    return f"{sized.run.operator}\n({mark})" if mark else sized.run.operator


def _mark(result: RunResult) -> str:
    """Return what stands under the name of an operator that did not pass."""
    if result.state is RunState.PASS:
        return ""
    if result.state is RunState.SKIPPED:
        return "skipped"
    return "Non-zero exitcode" if result.exit_code else result.reason


def _requests(sized: SizedRun) -> tuple[str, ...]:
    if sized.run.result.state is RunState.SKIPPED:
        return UNKNOWN, UNKNOWN
    return requests(sized.recommendation) or (sized.recommendation.reason, "")
