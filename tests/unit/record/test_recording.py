import json
import shutil
import threading
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import pytest
import yaml
from record_examples import STARTED_NS, sample, settings

from cpost.meter.sample import Rung, Sample, Totals
from cpost.record.reading import read_run
from cpost.record.recording import RunRecording
from cpost.record.run import RunResult, RunState
from cpost.record.sample_rows import HEADER, row_of

PASSED = RunResult(RunState.PASS, exit_code=0)


def test_rows_are_on_the_disk_as_soon_as_they_are_appended(recording, tmp_path):
    file = tmp_path / "run" / "samples.csv"
    assert len(file.read_text().splitlines()) == 1
    recording.append(sample(1))
    recording.append(sample(2))
    assert [line.split(",")[2] for line in file.read_text().splitlines()[1:]] == ["90000", "180000"]


def test_a_finished_run_reads_back_as_it_was(recording, tmp_path):
    samples = [sample(k, hard_bytes=k, pids=3 if k % 2 else None) for k in range(30)]
    for one in samples:
        recording.append(one)
    result = RunResult(
        RunState.FAIL,
        exit_code=137,
        oom_killed=True,
        reason="killed for memory",
        advice="try 128 MiB next",
        started_wall_ns=STARTED_NS,
        duration_ns=3_000_000_001,
        rung=Rung.PARENT_CGROUP_V2,
        totals=Totals(cpu_usage_usec=5, memory_peak_bytes=2**40, oom_kills=1),
        container_id="47ca",
        image_id="sha256:1",
        image_digest="sha256:2",
        warnings=("no GPU",),
    )
    run = recording.finish(result)
    assert run.result == result
    assert list(run.samples) == samples
    assert recording.failure is None

    stored = read_run(tmp_path / "run")
    assert list(stored.samples) == samples
    assert replace(stored, samples=()) == replace(run, samples=())


def test_samples_can_be_iterated_again_and_again(recording):
    recording.append(sample(1))
    run = recording.finish(PASSED)
    assert list(run.samples) == list(run.samples) == [sample(1)]
    assert run.sample_count == 1


def test_what_is_known_before_the_start_is_there_before_the_end(recording, tmp_path):
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"settings.yaml", ".uuid", "samples.csv", "stdout.log", "stderr.log"}


def test_a_finished_directory_holds_what_other_tools_look_for(recording, tmp_path):
    run = recording.finish(RunResult(RunState.FAIL, exit_code=126, reason="exit 126"))
    directory = tmp_path / "run"
    assert (directory / "exit_code").read_text() == "126\n"
    assert (directory / ".uuid").read_text().strip() == run.uuid
    assert yaml.safe_load((directory / "settings.yaml").read_text())["image"] == "dicom-reader:1"


def test_a_run_without_an_exit_code_has_no_such_file(recording, tmp_path):
    recording.finish(RunResult(RunState.ERROR, reason="not executed"))
    assert not (tmp_path / "run" / "exit_code").exists()


def test_a_block_left_without_finish_leaves_a_run_that_never_ended(tmp_path):
    def interrupted():
        with RunRecording(tmp_path / "run", "reader", 1, settings(), 10) as recording:
            recording.append(sample(1))
            recording.write_log("stdout", b"x" * 500)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not (tmp_path / "run" / "run.json").exists()
    assert len((tmp_path / "run" / "samples.csv").read_text().splitlines()) == 2


def test_secrets_of_the_environment_are_never_written(tmp_path):
    environment = {"API_TOKEN": "hunter2", "db_password": "hunter2", "MODE": "fast"}
    with RunRecording(
        tmp_path / "run", "reader", 1, settings(environment=environment), 1000
    ) as recording:
        recording.finish(PASSED)
    for path in (tmp_path / "run").iterdir():
        assert "hunter2" not in path.read_text()
    assert read_run(tmp_path / "run").settings.environment["MODE"] == "fast"


def test_what_is_written_only_changes_with_the_schema(recording, tmp_path):
    """Whoever changes a stored file sees it here, and decides about the schema's version."""
    recording.append(sample(1, hard_bytes=7))
    run = recording.finish(PASSED)
    stored = json.loads((tmp_path / "run" / "run.json").read_text())
    assert stored == {
        "schema_version": 1,
        "operator": "dicom-reader",
        "index": 1,
        "uuid": run.uuid,
        "state": "pass",
        "exit_code": 0,
        "oom_killed": False,
        "reason": "",
        "advice": "",
        "started_wall_ns": None,
        "duration_ns": None,
        "rung": None,
        "totals": {
            "cpu_usage_usec": None,
            "cpu_user_usec": None,
            "cpu_system_usec": None,
            "memory_peak_bytes": None,
            "oom_kills": None,
            "throttled_usec": None,
            "io_read_bytes": None,
            "io_write_bytes": None,
            "memory_limit_bytes": None,
            "memory_limit_hits": None,
            "cpu_limit_mcores": None,
            "throttled_periods": None,
            "swap_peak_bytes": None,
            "cpu_some_usec": None,
            "memory_some_usec": None,
            "memory_full_usec": None,
            "io_some_usec": None,
            "io_full_usec": None,
            "pids_peak": None,
            "unseen_end_usec": None,
        },
        "container_id": None,
        "image_id": None,
        "image_digest": None,
        "warnings": [],
        "engine_oom_killed": None,
        "host_use": {
            "busy_usec": None,
            "stolen_usec": None,
            "swapped_in_bytes": None,
            "swapped_out_bytes": None,
            "heat_throttles": None,
            "cpu_count": None,
            "elapsed_ns": None,
        },
        "start_up": {"cpu_usec": None, "memory_peak_bytes": None},
        "gpu": None,
        "sidecars": [],
        "sample_count": 1,
        "samples_not_stored": 0,
        "log_kept_bytes": {"stdout": 0, "stderr": 0},
        "log_cut_bytes": {"stdout": 0, "stderr": 0},
    }
    assert (tmp_path / "run" / "settings.yaml").read_text() == (
        "schema_version: 1\n"
        "operator: dicom-reader\n"
        "image: dicom-reader:1\n"
        "payload: /data/spleen\n"
        "interval_s: 0.1\n"
        "engine: docker\n"
        "command: null\n"
        "environment: {}\n"
        "repeat: 1\n"
        "timeout_s: null\n"
    )
    assert (tmp_path / "run" / "samples.csv").read_text() == (
        "at_ns,wall_ns,cpu_usage_usec,memory_bytes,inactive_file_bytes,hard_bytes,"
        "throttled_usec,pids,io_read_bytes,io_write_bytes,memory_peak_bytes\n"
        "100000000,1795000000223456789,90000,50000001,,7,,,,,\n"
    )


def test_a_directory_that_exists_is_left_alone(tmp_path):
    with RunRecording(tmp_path / "run", "first", 1, settings(), 1000) as first:
        first.append(sample(1))
        first.finish(PASSED)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with RunRecording(tmp_path / "run", "second", 1, settings(), 1000) as second:
        second.append(sample(2))
        second.write_log("stdout", b"second")
        run = second.finish(PASSED)
    assert second.failure is not None
    assert list(run.samples) == [sample(2)]
    assert run.directory is None
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_a_directory_that_cannot_be_made_loses_no_result(tmp_path):
    with RunRecording(tmp_path / "no" / "run", "reader", 1, settings(), 1000) as recording:
        recording.append(sample(1))
        recording.write_log("stderr", b"hello")
        run = recording.finish(RunResult(RunState.PASS, exit_code=0, duration_ns=7))
    assert run.directory is None
    assert list(run.samples) == [sample(1)]
    assert run.result.duration_ns == 7
    assert str(tmp_path / "no" / "run") in str(recording.failure)
    assert "--record_dir" in recording.failure.hint


def test_a_disk_that_fills_up_loses_no_sample(recording, tmp_path, full_disk):
    samples = [sample(k) for k in range(200)]
    for one in samples[:20]:
        recording.append(one)
    full_disk(size_bytes=1500)  # amid a row
    for one in samples[20:]:
        recording.append(one)
    run = recording.finish(PASSED)
    assert list(run.samples) == samples
    assert list(run.samples) == samples
    assert run.sample_count == 200
    assert str(tmp_path / "run" / "samples.csv") in str(recording.failure)
    on_disk = (tmp_path / "run" / "samples.csv").read_bytes()
    assert on_disk.endswith(b"\n")
    assert len(on_disk.splitlines()) > 20


def test_what_was_stored_before_the_disk_filled_up_reads_back(recording, tmp_path, full_disk):
    for k in range(100):
        if k == 20:
            full_disk(size_bytes=1500)
        recording.append(sample(k))
    run = recording.finish(PASSED)
    stored = read_run(tmp_path / "run")
    assert 20 < stored.sample_count < 100
    assert list(stored.samples) == list(run.samples)[: stored.sample_count]
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["sample_count"] + document["samples_not_stored"] == 100


def test_a_disk_that_has_room_again_gets_what_waited(recording, tmp_path, full_disk):
    for k in range(20):
        recording.append(sample(k))
    full_disk(size_bytes=1200)
    for k in range(20, 60):
        recording.append(sample(k))
    full_disk(size_bytes=1_000_000)
    recording.finish(PASSED)
    assert [one.at_ns for one in read_run(tmp_path / "run").samples] == [
        sample(k).at_ns for k in range(60)
    ]
    assert recording.failure is not None


def test_a_disk_that_was_full_from_the_start_gets_a_whole_file_later(tmp_path, full_disk):
    full_disk(size_bytes=0)
    with RunRecording(tmp_path / "run", "reader", 1, settings(), 1000) as recording:
        recording.append(sample(1))
        full_disk(size_bytes=1_000_000)
        run = recording.finish(PASSED)
    assert (tmp_path / "run" / "samples.csv").read_bytes() == HEADER + row_of(sample(1))
    assert list(run.samples) == [sample(1)]


def test_only_the_first_failure_is_told(recording, tmp_path, full_disk):
    full_disk(size_bytes=0)
    recording.append(sample(1))
    recording.write_log("stdout", b"x")
    run = recording.finish(PASSED)
    assert "samples.csv" in str(recording.failure)
    assert run.directory == tmp_path / "run"
    assert not (tmp_path / "run" / "run.json").exists()
    assert not list((tmp_path / "run").glob(".run.json*"))


def test_memory_that_stands_in_for_the_disk_is_bounded_and_thins_evenly(tmp_path):
    with RunRecording(tmp_path / "no" / "run", "reader", 1, settings(), 1000) as recording:
        for k in range(250_000):
            recording.append(Sample(k, k, k, k))
        run = recording.finish(PASSED)
    held = [one.at_ns for one in run.samples]
    assert run.sample_count == len(held) <= 100_000
    assert held[0] == 0
    assert held[-1] >= 250_000 - 4
    assert {after - before for before, after in pairwise(held)} == {4}
    assert run.result.warnings == (
        f"{250_000 - len(held)} samples lost, because they could not be written",
    )


def test_a_directory_removed_while_the_operator_executes_loses_no_sample(tmp_path, recording):
    recording.append(sample(1))
    shutil.rmtree(tmp_path / "run")
    recording.append(sample(2))
    recording.write_log("stdout", b"still here")
    run = recording.finish(RunResult(RunState.PASS, exit_code=0, duration_ns=9))
    assert list(run.samples) == list(run.samples) == [sample(1), sample(2)]
    assert run.result.duration_ns == 9
    assert "No such file or directory" in str(recording.failure)


def test_a_long_run_costs_no_memory(tmp_path):
    with RunRecording(tmp_path / "run", "reader", 1, settings(), 1000) as recording:
        recording.append(sample(0))
        tracemalloc.start()
        for k in range(20_000):
            recording.append(sample(k))
        run = recording.finish(PASSED)
        for _ in run.samples:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 300_000


def test_output_that_was_cut_is_told_in_a_warning(recording):
    recording.write_log("stdout", b"x" * 5000)
    (warning,) = recording.finish(PASSED).result.warnings
    assert warning.endswith(" of its output not kept: --max_log_bytes 1000")


def test_output_is_kept_from_several_threads_at_once(recording, tmp_path):
    threads = [
        threading.Thread(target=recording.write_log, args=("stdout", b"%d" % n)) for n in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recording.finish(PASSED)
    assert sorted((tmp_path / "run" / "stdout.log").read_bytes()) == sorted(b"0123456789")
