from __future__ import annotations

from dataclasses import replace

from cpost.meter.sample import Sample
from cpost.record.gpu import GpuUse
from cpost.record.run import Run, RunResult, RunState, Settings
from cpost.record.sidecar import Idleness, ModelUse, SidecarFacts, SidecarRun
from cpost.reports.sidecar_facts import final_rows, sidecar_lines, what_to_write
from cpost.reports.tables import final_table, sidecar_table
from cpost.sizing.sized_run import SizedRun, size_run

SECOND_NS = 1_000_000_000
FACTS = SidecarFacts(
    "triton",
    "service",
    "t:1",
    idle=Idleness(10_000, SECOND_NS),
    models=(ModelUse("spleen", 1, 2, 4, 100_000, 3_000_000),),
)
READINGS = (Sample(0, 0, 0, 100_000_000), Sample(10 * SECOND_NS, 0, 3_100_000, 140_000_000))


def sized(facts: SidecarFacts = FACTS) -> SizedRun:
    settings = Settings("segment", "image", "payload", 0.1, "engine")
    sidecars = (SidecarRun(facts, READINGS, 2),)
    result = RunResult(RunState.PASS, duration_ns=10 * SECOND_NS)
    return size_run(Run("segment", 1, settings, result, (), 0, None, "", sidecars=sidecars))


def test_a_server_has_a_table_under_that_of_its_operator() -> None:
    (sidecar,) = sized().sidecars
    assert sidecar_table(sidecar).splitlines()[0] == "triton (sidecar)"
    assert "| 3.000 s caused  |" in sidecar_table(sidecar)
    assert "40.0 MB caused" in sidecar_table(sidecar)
    assert sidecar_lines(sidecar) == [
        "triton: idle at 1.00 % of a core before",
        "triton: model spleen: 4 inferences, 2 failed, queue 0.1 s, compute 3.0 s",
    ]


def test_the_table_of_all_ends_with_the_servers_and_what_each_operator_caused() -> None:
    ((title, metric, average, maximum, resource),) = final_rows([sized()])
    assert title == "triton\n(sidecar)"
    assert metric.splitlines()[2] == "by segment"
    assert average.splitlines()[2] == "3.000 s caused"
    assert maximum.splitlines()[1:] == ["140.000 MB", "40.0 MB caused"]
    assert resource == "cpu: 1\nmemory: 256\n4 inferences, 2 failed"
    assert final_table([sized()]).count("(sidecar)") == 1


def test_what_belongs_beside_a_service_is_written_out() -> None:
    assert what_to_write([sized()]) == [
        "to write below the service triton of segment:",
        "  requests:",
        "    cpu: 1",
        "    memory: 256",
    ]
    own = replace(FACTS, kind="model repository")
    assert what_to_write([sized(own)]) == [
        "triton itself, which is no part of the definition: cpu: 1, memory: 256"
    ]


def test_what_was_not_measured_is_not_told_as_nothing() -> None:
    unknown = replace(FACTS, idle=None, models=None)
    ((_, _, average, _, resource),) = final_rows([sized(unknown)])
    assert average.splitlines()[2] == "n/a"
    assert resource.splitlines() == ["cpu: 1", "memory: 256"]


def test_a_server_with_a_gpu_has_a_line_and_a_request_of_it() -> None:
    use = GpuUse(("NVIDIA T4",), 16_000_000_000, 3_200_000_000, 41, 97, 60)
    one = sized(replace(FACTS, gpu=use))
    (sidecar,) = one.sidecars
    assert sidecar_lines(sidecar)[-1] == (
        "triton: GPU at most 3.2 GB of 16.0 GB (NVIDIA T4), 41 % busy on average, 97 % at most"
    )
    assert what_to_write([one])[-1] == "    gpu: 1"
    ((_, metric, average, _, resource),) = final_rows([one])
    assert resource.splitlines()[2:] == ["gpu: 1", "4 inferences, 2 failed"]
    assert metric.splitlines()[3] == "by segment"
    assert average.splitlines()[3] == "3.000 s caused"
