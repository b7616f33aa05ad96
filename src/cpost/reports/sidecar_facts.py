"""What is told of servers beside operators: a table of its own, rows, lines, what to write."""

from __future__ import annotations

from collections.abc import Sequence

from cpost.record.sidecar import ModelUse
from cpost.reports.cells import UNKNOWN, megabytes, percent, requests
from cpost.reports.gpu_words import gpu_words
from cpost.reports.phrases import count_of
from cpost.sizing.sidecars import (
    SidecarSummary,
    SizedSidecar,
    summarise_sidecars,
)
from cpost.sizing.sized_run import SizedRun
from cpost.units import USEC_PER_SECOND, format_megabytes, format_seconds


def sidecar_summaries(runs: Sequence[SizedRun]) -> tuple[SidecarSummary, ...]:
    """Return the servers of a session; none where no operator had any."""
    return summarise_sidecars(one for sized in runs for one in sized.sidecars)


def sidecar_title(sidecar: SizedSidecar) -> str:
    """Return a server's name as it stands in tables."""
    return f"{sidecar.facts.name} (sidecar)"


def operator_rows(sidecar: SizedSidecar) -> list[list[str]]:
    """Return the rows of a server in the table under an operator: CPU and memory."""
    return [
        [
            "CPU",
            percent(sidecar.cpu_average_cores),
            percent(sidecar.cpu_maximum_cores),
            _charged(sidecar),
        ],
        [
            "Memory",
            megabytes(sidecar.memory_average_bytes),
            megabytes(sidecar.memory_peak_bytes),
            _caused(sidecar),
        ],
    ]


def final_rows(runs: Sequence[SizedRun]) -> list[list[str]]:
    """Return the rows of all servers in the table of all operators.

    Under CPU and memory of the server stands what each operator caused of it.
    """
    return [_final_row(one) for one in sidecar_summaries(runs)]


def sidecar_lines(sidecar: SizedSidecar) -> list[str]:
    """Return what else is known of a server during one run, a line each."""
    facts = sidecar.facts
    lines = []
    if sidecar.idle_cores is not None:
        lines.append(f"{facts.name}: idle at {sidecar.idle_cores * 100:.2f} % of a core before")
    lines += [f"{facts.name}: {_model_words(one)}" for one in facts.models or ()]
    if facts.gpu is not None:
        lines.append(f"{facts.name}: GPU {gpu_words(facts.gpu, None)[0]}")
    if facts.ended is not None:
        lines.append(f"{facts.name}: ended during the run: {facts.ended}")
    return lines


def what_to_write(runs: Sequence[SizedRun]) -> list[str]:
    """Return the lines to write into the definition beside each service; nothing without any."""
    lines = []
    for one in sidecar_summaries(runs):
        words = requests(one.recommendation)
        if words is None:
            continue
        if one.facts.kind == "service":
            operators = ", ".join(dict.fromkeys(run.operator for run in one.runs))
            lines += [f"to write below the service {one.facts.name} of {operators}:"]
            lines += ["  requests:", *(f"    {word}" for word in words)]
        else:
            lines += [
                f"{one.facts.name} itself, which is no part of the definition: {', '.join(words)}"
            ]
    return lines


def _final_row(summary: SidecarSummary) -> list[str]:
    resource = [*(requests(summary.recommendation) or (summary.recommendation.reason, ""))]
    metric = ["CPU", "Memory", *[""] * (len(resource) - 2)]
    average = [percent(summary.cpu_average_cores), megabytes(summary.memory_average_bytes)]
    maximum = [percent(summary.cpu_maximum_cores), megabytes(summary.memory_peak_bytes)]
    average += metric[2:]
    maximum += metric[2:]
    for run in summary.runs:
        metric.append(f"by {run.operator}")
        average.append(_charged(run))
        maximum.append(_caused(run))
        resource.append(_inferences(run))
    columns = [[f"{summary.facts.name}", "(sidecar)"], metric, average, maximum, resource]
    return ["\n".join(column) for column in columns]


def _model_words(use: ModelUse) -> str:
    words = [f"model {use.model}: {count_of(use.inferences, 'inference')}"]
    if use.failures:
        words.append(f"{use.failures} failed")
    if use.requests:
        words.append(f"queue {format_seconds(use.queue_usec / USEC_PER_SECOND)}")
        words.append(f"compute {format_seconds(use.compute_usec / USEC_PER_SECOND)}")
    return ", ".join(words)


def _inferences(sidecar: SizedSidecar) -> str:
    if sidecar.facts.models is None:
        return ""
    told = count_of(sum(one.inferences for one in sidecar.facts.models), "inference")
    failed = sum(one.failures for one in sidecar.facts.models)
    return f"{told}, {failed} failed" if failed else told


def _charged(sidecar: SizedSidecar) -> str:
    if sidecar.charged_cpu_s is None:
        return UNKNOWN
    return f"{sidecar.charged_cpu_s:.3f} s caused"


def _caused(sidecar: SizedSidecar) -> str:
    if sidecar.caused_bytes is None:
        return UNKNOWN
    return f"{format_megabytes(sidecar.caused_bytes)} caused"
