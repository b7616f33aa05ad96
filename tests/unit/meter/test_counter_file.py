from pathlib import Path

import pytest

from cpost.errors import MeasureError
from cpost.meter.counter_file import CounterFile, HeldFiles, find_value


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_key_is_found_by_its_whole_name_on_whatever_line(tmp_path: Path) -> None:
    file = tmp_path / "memory.stat"
    file.write_text("anon_thp 1\nsomething_new 2\nanon 3\nslab 4")
    held = CounterFile(file)
    text = held.read()
    assert held.value(text, b"anon") == 3
    assert held.value(text, b"slab") == 4  # the last line, without a line feed
    assert find_value(text, b"thp") is None
    held.close()


def test_a_held_file_tells_what_is_written_now(tmp_path: Path) -> None:
    file = tmp_path / "memory.current"
    file.write_text("1\n")
    held = CounterFile(file)
    assert held.number() == 1
    file.write_text("22\n")
    assert held.number() == 22
    held.close()


def test_a_missing_key_is_told_with_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "cpu.stat"
    file.write_text("user_usec 5\n")
    held = CounterFile(file)
    with pytest.raises(MeasureError, match=r"cpu\.stat: no line 'usage_usec'"):
        held.value(held.read(), b"usage_usec")
    held.close()


def test_a_file_that_holds_no_number_is_told(tmp_path: Path) -> None:
    file = tmp_path / "memory.current"
    file.write_text("max\n")
    held = CounterFile(file)
    with pytest.raises(MeasureError, match=r"memory\.current: not a number: b'max'"):
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
