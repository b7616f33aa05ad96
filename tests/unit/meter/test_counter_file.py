from pathlib import Path

import pytest

from cpost.errors import MeasureError
from cpost.meter.counter_file import CounterFile, HeldFiles


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_held_file_tells_what_is_written_now(tmp_path: Path) -> None:
    file = tmp_path / "memory.current"
    file.write_text("1\n")
    held = CounterFile(file)
    assert held.number() == 1
    file.write_text("22\n")
    assert held.number() == 22
    held.close()


def test_a_file_that_holds_no_number_is_told(tmp_path: Path) -> None:
    file = tmp_path / "memory.current"
    held = CounterFile(file) if file.write_text("max\n") else None
    assert held is not None
    for text in (b"max\n", b"-5\n", b"", b"\xff\xfe", b"9" * 5000):
        file.write_bytes(text)
        with pytest.raises(MeasureError, match=r"memory\.current: not what a kernel writes"):
            held.number()
    held.close()


def test_a_missing_file_is_told_and_closes_those_already_open(tmp_path: Path) -> None:
    (tmp_path / "cpu.stat").write_text("")
    before = open_descriptors()
    files = HeldFiles()
    files.need(tmp_path / "cpu.stat")
    with pytest.raises(MeasureError, match=r"memory\.stat: No such file"):
        files.need(tmp_path / "memory.stat")
    assert open_descriptors() == before


def test_a_file_that_only_some_kernels_have_is_none_without_it(tmp_path: Path) -> None:
    files = HeldFiles()
    assert files.want(tmp_path / "memory.peak") is None
    (tmp_path / "memory.peak").write_text("9\n")
    peak = files.want(tmp_path / "memory.peak")
    assert peak is not None
    assert peak.number() == 9
    files.close()
    files.close()
