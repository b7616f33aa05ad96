import subprocess
import sys

from record_examples import sample

from cpost.meter.sample import Sample
from cpost.record.frames import samples_frame
from cpost.record.run import RunResult, RunState


def test_samples_become_rows_with_exact_integers_and_unknowns(recording):
    recording.append(sample(1, hard_bytes=2**53 + 1))
    recording.append(sample(2))
    frame = samples_frame(recording.finish(RunResult(RunState.PASS)))
    assert list(frame["hard_bytes"].isna()) == [False, True]
    assert frame["hard_bytes"][0] == 2**53 + 1
    assert frame["wall_ns"][1] == sample(2).wall_ns
    assert list(frame.columns) == list(Sample._fields)


def test_a_run_without_samples_becomes_an_empty_frame(recording):
    frame = samples_frame(recording.finish(RunResult(RunState.PASS)))
    assert len(frame) == 0
    assert set(map(str, frame.dtypes)) == {"Int64"}


def test_profiling_loads_neither_pandas_nor_rich():
    modules = (
        "cpost.record.session, cpost.record.reading, cpost.record.frames, cpost.sizing.sized_run,"
        "cpost.reports.narration, cpost.reports.metrics_csv, cpost.reports.result_json,"
        "cpost.reports.progress"
    )
    code = f"import {modules}, sys; print({{'pandas', 'numpy', 'rich'}} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
