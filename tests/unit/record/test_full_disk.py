"""The same promises as in test_recording, on a disk that is really full."""

import os
import subprocess

import pytest
from record_examples import FACTS, sample, settings

from cpost.record.reading import read_session
from cpost.record.run import RunResult, RunState
from cpost.record.session import SessionRecord

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "small", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"this root may not mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_session_on_a_disk_that_fills_up_keeps_every_result(small_disk):
    samples = [sample(k) for k in range(10_000)]
    with SessionRecord.create(small_disk, "s1", "name: spleen\n", FACTS) as session:
        with session.begin("first", 1, settings(), 1000) as recording:
            recording.append(samples[0])
            first = recording.finish(RunResult(RunState.PASS, exit_code=0))
        with session.begin("second", 2, settings(), 10_000_000) as recording:
            for one in samples:
                recording.append(one)
                recording.write_log("stdout", b"x" * 100)
            second = recording.finish(RunResult(RunState.PASS, exit_code=0, duration_ns=5))
        with session.begin("third", 3, settings(), 1000) as recording:
            recording.append(samples[3])
            third = recording.finish(RunResult(RunState.FAIL, exit_code=1, reason="exit 1"))

    assert list(first.samples) == samples[:1]
    assert list(second.samples) == samples
    assert second.result.duration_ns == 5
    assert list(third.samples) == [samples[3]]
    assert third.result.reason == "exit 1"
    assert "No space left on device" in str(session.failure)
    assert session.failure.hint.startswith("see what is full: df -h ")
    stored = read_session(small_disk / "s1")
    assert [run.operator for run in stored.runs][:1] == ["first"]
    assert list(stored.runs[0].samples) == samples[:1]


def test_a_full_disk_is_told_before_anything_is_executed(small_disk):
    (small_disk / "big").write_bytes(b"x" * 250_000)
    with pytest.raises(OSError, match="No space"), (small_disk / "rest").open("wb") as rest:
        rest.write(b"x" * 100_000)
    with pytest.raises(Exception, match="No space left on device") as raised:
        SessionRecord.create(small_disk, "s1", "name: spleen\n" * 1000, FACTS)
    assert raised.value.exit_code == 10
