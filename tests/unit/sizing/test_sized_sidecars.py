from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cpost.meter.sample import Sample
from cpost.record.run import Run, RunResult, RunState, Settings
from cpost.record.samples import StoredSamples
from cpost.record.sidecar import Idleness, SidecarFacts, SidecarRun
from cpost.sizing.sidecars import size_sidecars, summarise_sidecars

SECOND_NS = 1_000_000_000
MB = 1_000_000


def reading(second: float, cpu_s: float, memory_mb: int, peak_mb: int | None = None) -> Sample:
    at_ns = round(second * SECOND_NS)
    peak_bytes = None if peak_mb is None else peak_mb * MB
    return Sample(at_ns, at_ns, round(cpu_s * 1e6), memory_mb * MB, memory_peak_bytes=peak_bytes)


def run(operator: str, *readings: Sample, **facts: object) -> Run:
    idle = Idleness(cpu_usec=10_000, duration_ns=SECOND_NS)
    values = {"name": "t", "kind": "service", "image": "i", "idle": idle, **facts}
    sidecar = SidecarRun(SidecarFacts(**values), readings, len(readings))  # type: ignore[arg-type]
    settings = Settings(operator, "image", "payload", 0.1, "engine")
    result = RunResult(RunState.PASS)
    return Run(operator, 1, settings, result, (), 0, None, "", sidecars=(sidecar,))


BURNT = (reading(10, 5, 100), reading(12, 8.02, 140), reading(20, 8.1, 120))


def test_an_operator_is_charged_with_all_but_what_the_server_uses_anyway() -> None:
    (sized,) = size_sidecars(run("a", *BURNT))
    assert sized.charged_cpu_s == pytest.approx(3.1 - 10 * 0.01)
    assert sized.cpu_average_cores == pytest.approx(0.31)
    assert sized.cpu_maximum_cores == pytest.approx(1.51)


def test_a_server_that_was_quieter_than_before_charges_nothing_rather_than_less() -> None:
    (sized,) = size_sidecars(run("a", reading(0, 1, 1), reading(10, 1, 1)))
    assert sized.charged_cpu_s == 0.0


def test_without_an_idle_rate_nobody_is_charged() -> None:
    (sized,) = size_sidecars(run("a", *BURNT, idle=None))
    assert sized.charged_cpu_s is None
    assert sized.cpu_total_s == pytest.approx(3.1)


def test_memory_is_the_base_and_the_most_in_use() -> None:
    (sized,) = size_sidecars(run("a", *BURNT))
    assert (sized.base_bytes, sized.memory_peak_bytes) == (100 * MB, 140 * MB)
    assert sized.caused_bytes == 40 * MB


def test_a_high_water_mark_counts_only_if_it_rose_meanwhile() -> None:
    risen = (reading(0, 0, 100, 150), reading(1, 0, 100, 190))
    (sized,) = size_sidecars(run("a", *risen))
    assert sized.memory_peak_bytes == 190 * MB
    loading = (reading(0, 0, 100, 150), reading(1, 0, 110, 150))
    (sized,) = size_sidecars(run("a", *loading))
    assert sized.memory_peak_bytes == 110 * MB


def test_a_server_of_several_operators_is_sized_once_for_the_most() -> None:
    runs = [*size_sidecars(run("a", *BURNT)), *size_sidecars(run("b", *BURNT[1:]))]
    (summary,) = summarise_sidecars(runs)
    assert [one.operator for one in summary.runs] == ["a", "b"]
    assert summary.recommendation.cpu_cores == 2
    assert summary.recommendation.memory_mib == 256


def test_servers_of_another_image_or_command_are_others() -> None:
    runs = [
        *size_sidecars(run("a", *BURNT)),
        *size_sidecars(run("b", *BURNT, image="other")),
        *size_sidecars(run("c", *BURNT, command=("serve",))),
    ]
    assert len(summarise_sidecars(runs)) == 3


def test_nothing_is_recommended_for_a_server_that_ended_or_was_not_measured() -> None:
    (ended,) = summarise_sidecars(size_sidecars(run("a", *BURNT, ended="exit 9")))
    assert ended.recommendation.memory_mib is None
    assert "exit 9" in ended.recommendation.reason
    (unseen,) = summarise_sidecars(size_sidecars(run("a")))
    assert unseen.recommendation.reason == "no recommendation: not measured"


def test_readings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    one = run("a")
    gone = SidecarRun(one.sidecars[0].facts, StoredSamples(tmp_path / "gone.csv", 3), 3)
    (sized,) = size_sidecars(replace(one, sidecars=(gone,)))
    assert sized.cpu_total_s is None
    assert "gone.csv" in sized.facts.warnings[-1]
