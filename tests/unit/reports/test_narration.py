import io
from dataclasses import replace

import pytest
from report_examples import (
    CONTAINER_ID,
    README_BANNERS,
    README_FACTS,
    README_FIGURES,
    README_FINAL_TABLE,
    README_OPERATOR_TABLES,
    run,
    sample,
    skipped,
)

from cpost.errors import RecordError
from cpost.meter.sample import Totals
from cpost.record.run import RunState
from cpost.record.sidecar import SidecarFacts, SidecarRun
from cpost.reports.metrics_csv import HEADER, MetricsCsv
from cpost.reports.narration import Narration

QUIET = {"samples": [sample(k, pids=1) for k in range(41)], "duration_ns": 4_000_000_000}


def tell(one, metrics=None):
    """The story of one run, from its beginning to its end."""
    stream = io.StringIO()
    narration = Narration(stream, metrics, columns=lambda: 100)
    if metrics is not None:
        metrics.run_began(one.operator, 1, 1)
    narration.run_began(one.operator, 1, 1)
    if one.result.container_id is not None:
        narration.container_started(one.result.container_id)
    for each in one.samples if metrics is not None else ():
        metrics.sampled(each)
    if metrics is not None:
        metrics.run_ended(one)
    narration.run_ended(one)
    return stream.getvalue()


def readme_story(folder):
    """The original's output, with our paths and container ids, and facts under its tables."""
    story = "All software dependencies are fullfilled.\n"
    tables = zip(README_FIGURES, README_OPERATOR_TABLES, README_FACTS, strict=True)
    for k, (one, table, facts) in enumerate(tables):
        name, failed = one.run.operator, one.run.result.exit_code == 126
        story += (
            f"\n{README_BANNERS[2 * k]}\n"
            "Running operator ...\n"
            f"The container id is: {CONTAINER_ID}\n"
            f"Results are stored in {folder}/{name}_final_result.csv\n"
            + ("Operator failed with exitcode is: 126\n" if failed else "")
            + f"{README_BANNERS[2 * k + 1]}\n{table}\n{facts}\n"
            + (f"Operator {name} failed with exitcode 126\n" if failed else "")
        )
    return story + README_FINAL_TABLE + "\n"


def test_the_story_of_the_readme_is_told_to_the_letter(tmp_path):
    stream = io.StringIO()
    figures = {one.run.operator: one for one in README_FIGURES}
    with MetricsCsv(tmp_path) as metrics:
        narration = Narration(
            stream, metrics, size=lambda run: figures[run.operator], columns=lambda: 100
        )
        narration.session_began()
        for one in README_FIGURES:
            metrics.run_began(one.run.operator, 1, 4)
            narration.run_began(one.run.operator, 1, 4)
            narration.container_started(CONTAINER_ID)
            metrics.run_ended(one.run)
            narration.run_ended(one.run)
        narration.session_ended()
    assert stream.getvalue() == readme_story(tmp_path)


def test_without_a_folder_for_metrics_the_rows_are_printed():
    lines = tell(run(**QUIET)).splitlines()
    at = lines.index("________________Operator reader Metrics Data________________")
    assert lines[at - 1] == f"The container id is: {CONTAINER_ID}"
    assert lines[at + 1] + "\n" == HEADER
    assert lines[at + 2].startswith("1795000000.123456,0.000,20.000,20000000,")
    assert lines[at + 2 + 41] == "__________________Operator reader Summary___________________"


class EndlessSamples:
    """More samples than anybody should hold, read once by the summary and once for printing."""

    def __iter__(self):
        return (sample(k) for k in range(5_000))


class CountingStream:
    def __init__(self):
        self.longest = 0
        self.lines = 0

    def write(self, text):
        self.longest = max(self.longest, len(text))
        self.lines += text.count("\n")


def test_rows_are_printed_in_pieces():
    stream = CountingStream()
    one = run()
    object.__setattr__(one, "samples", EndlessSamples())
    Narration(stream).run_ended(one)
    assert stream.lines > 5_000
    assert stream.longest < 200_000


class DamagedSamples:
    def __iter__(self):
        yield sample(0)
        raise RecordError("samples.csv:3: the line is torn")


def test_samples_that_cannot_be_read_are_told_and_end_nothing():
    one = run()
    object.__setattr__(one, "samples", DamagedSamples())
    story = tell(one)
    assert "warning: samples.csv:3: the line is torn\n" in story
    assert "Operator reader Summary" in story


class VanishingSamples:
    """There for the summary, gone when they are to be printed."""

    def __init__(self):
        self.times = 0

    def __iter__(self):
        self.times += 1
        if self.times > 1:
            raise RecordError("could not read samples.csv")
        return iter([sample(0), sample(1)])


def test_samples_that_vanish_before_they_are_printed_are_told():
    one = run()
    object.__setattr__(one, "samples", VanishingSamples())
    stream = io.StringIO()
    Narration(stream).run_ended(one)
    assert "warning: could not read samples.csv\n" in stream.getvalue()
    assert "Operator reader Summary" in stream.getvalue()


def test_a_csv_that_could_not_be_written_is_told_in_its_place(tmp_path):
    (tmp_path / "file").write_text("")
    with MetricsCsv(tmp_path / "file") as metrics:
        story = tell(run(**QUIET), metrics)
    assert f"Results are not stored: could not write {tmp_path}/file/reader_final" in story
    assert "Results are stored" not in story


def test_a_container_whose_start_was_not_confirmed_is_told_in_the_words_of_the_readme():
    story = tell(
        run(
            "spleen-segmentation",
            state=RunState.ERROR,
            exit_code=-15,
            container_id=None,
            duration_ns=None,
            totals=Totals(),
            reason="start not confirmed in 15 s",
            advice="see what the engine did: cpost -v",
        )
    )
    assert story.splitlines()[2:] == [
        "Running operator ...",
        "Obtaining docker ID timed out. Operator spleen-segmentation failed",
        "Operator spleen-segmentation failed with exitcode -15",
        "reason: start not confirmed in 15 s",
        "hint: see what the engine did: cpost -v",
    ]


def test_a_command_that_does_not_exist_is_told_without_a_table():
    story = tell(
        run(
            state=RunState.ERROR,
            exit_code=127,
            container_id=None,
            duration_ns=None,
            totals=Totals(),
            reason="exit 127",
            advice="the command was not found",
        )
    )
    assert story.splitlines()[3:] == [
        "Operator reader failed with exitcode 127",
        "hint: the command was not found",
    ]


def test_an_operator_killed_for_memory_is_told_with_what_to_try_next():
    story = tell(
        run(
            state=RunState.FAIL,
            exit_code=137,
            oom_killed=True,
            reason="killed for memory",
            advice="try 256 MiB next",
            **QUIET,
        )
    )
    assert "Operator failed with exitcode is: 137\n_" in story
    assert "no recommendation: killed for memory" in story
    assert story.endswith(
        "Operator reader failed with exitcode 137\n"
        "reason: killed for memory\n"
        "hint: try 256 MiB next\n"
    )


def test_a_failure_without_an_exit_code_is_told_by_its_reason_once():
    story = tell(run(state=RunState.FAIL, exit_code=0, reason="killed, yet exit 0", **QUIET))
    assert "Operator failed (killed, yet exit 0)\n" in story
    assert story.endswith("Operator reader failed (killed, yet exit 0)\n")


def test_a_time_out_is_told():
    story = tell(
        run(
            state=RunState.FAIL,
            exit_code=137,
            reason="timed out after 5 s",
            advice="give it more time: --timeout SECONDS",
            **QUIET,
        )
    )
    assert "reason: timed out after 5 s\nhint: give it more time: --timeout SECONDS\n" in story


def test_an_operator_that_was_skipped_is_told_and_keeps_its_row():
    stream = io.StringIO()
    narration = Narration(stream)
    narration.run_ended(skipped("writer"))
    narration.session_ended()
    assert stream.getvalue().startswith("\nOperator writer was skipped\n+---")
    assert "| (skipped)" in stream.getvalue()


def test_warnings_and_doubts_stand_under_the_table_they_concern():
    story = tell(run(warnings=("it requests 1 GPU, but there is none",), duration_ns=20_000_000))
    table, _, notes = story.rpartition("+\n")
    assert "Summary" in table
    first, second = (line for line in notes.splitlines() if line.startswith("warning: "))
    assert first == "warning: it requests 1 GPU, but there is none"
    assert second.startswith("warning: it ended before it could be sampled")


def test_a_run_without_doubts_has_only_facts_under_its_table():
    _, _, notes = tell(run(**QUIET)).rpartition("+\n")
    assert notes.splitlines() == [
        "memory: peak 50.0 MB (page cache included)",
        "CPU: 1.000 s",
        "processes and threads at most 1; read 0 B, wrote 0 B",
    ]


@pytest.mark.parametrize("name", ["x", "x" * 100])
def test_names_of_any_length_are_told_whole(name):
    assert f"Executing Operator {name}" in tell(run(name, **QUIET))


def test_a_session_without_operators_has_no_table():
    stream = io.StringIO()
    Narration(stream).session_ended()
    assert stream.getvalue() == ""


def test_what_follows_from_the_runs_can_be_had_again():
    narration = Narration(io.StringIO())
    narration.run_ended(run("reader"))
    narration.run_ended(skipped("writer"))
    assert [one.run.operator for one in narration.sized] == ["reader", "writer"]
    assert narration.sized[0].recommendation.cpu_cores == 1


def test_how_a_run_was_killed_is_told_once():
    by_signal = {"state": RunState.FAIL, "exit_code": 137, "reason": "exit 137 (SIGKILL)"}
    story = tell(run(advice="something ended it by SIGKILL: not cpost", **by_signal, **QUIET))
    assert "\nended: exit 137 (SIGKILL)\nOperator reader failed with exitcode 137\nhint: " in story
    assert "reason: " not in story


def test_what_is_amiss_with_a_server_is_told_unless_it_is_so_of_the_operator_too():
    facts = SidecarFacts("triton", "service", "t:1", warnings=("no parent", "sampling broke off"))
    one = replace(run("reader", warnings=("no parent",), **QUIET), sidecars=(SidecarRun(facts),))
    told = tell(one)
    assert told.count("no parent") == 1
    assert "warning: triton: sampling broke off\n" in told
