from __future__ import annotations

from pathlib import Path

from cpost.meter.sample import Rung, Sample
from cpost.record.gpu import GpuUse
from cpost.record.reading import read_run
from cpost.record.recording import RunRecording
from cpost.record.run import RunResult, RunState, Settings
from cpost.record.sidecar import Idleness, ModelUse, SidecarFacts

FACTS = SidecarFacts(
    name="triton server",
    kind="service",
    image="t:1",
    command=("serve", "models"),
    image_id="id",
    rung=Rung.PARENT_CGROUP_V1,
    ready_after_ns=5,
    idle=Idleness(600, 1_000_000_000),
    models=(ModelUse("spleen", 3, 1, 24, 129, 3_200_015),),
    ended="exit 9",
    warnings=("a note",),
    gpu=GpuUse(("T4", "A2"), 40, 30, None, None, 2),
)


def recording(folder: Path) -> RunRecording:
    settings = Settings("o", "image", "payload", 0.1, "engine")
    return RunRecording(folder / "001__o", "o", 1, settings, 1 << 20)


def test_servers_are_read_back_as_they_were_kept(tmp_path: Path) -> None:
    with recording(tmp_path) as one:
        for name, facts in (("triton server", FACTS), ("b", SidecarFacts("b", "service", "b:1"))):
            kept = one.sidecar(name)
            kept.append(Sample(1, 2, 3, 4))
            kept.finish(facts)
        run = one.finish(RunResult(RunState.PASS))
    stored = read_run(tmp_path / "001__o")
    assert [each.facts for each in stored.sidecars] == [each.facts for each in run.sidecars]
    assert stored.sidecars[0].facts == FACTS
    assert [list(each.samples) for each in stored.sidecars] == [[Sample(1, 2, 3, 4)]] * 2


def test_a_server_of_which_nothing_was_told_is_not_kept(tmp_path: Path) -> None:
    with recording(tmp_path) as one:
        one.sidecar("t").append(Sample(1, 2, 3, 4))
        assert one.finish(RunResult(RunState.PASS)).sidecars == ()


def test_a_run_of_earlier_times_had_no_servers(tmp_path: Path) -> None:
    with recording(tmp_path) as one:
        one.finish(RunResult(RunState.PASS))
    file = tmp_path / "001__o" / "run.json"
    text = file.read_text()
    file.write_text(text.replace(',\n  "sidecars": []', ""))
    assert file.read_text() != text
    assert read_run(tmp_path / "001__o").sidecars == ()
