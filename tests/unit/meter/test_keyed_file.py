from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpost.errors import MeasureError
from cpost.meter.counter_file import CounterFile
from cpost.meter.keyed_file import KeyedFile, find_number


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "memory.stat"
    path.write_text("anon_thp 1\nsomething_new 2\nanon 3\nslab 4")
    return path


def test_a_key_is_found_by_its_whole_name_on_whatever_line(file: Path) -> None:
    held = CounterFile(file)
    # The last line is without a line feed.
    assert KeyedFile(held, [b"slab", b"anon"]).read() == (4, 3)
    assert KeyedFile(held, [b"anon"]).read() == (3,)
    assert find_number(held, held.read(), b"thp") is None
    held.close()


def test_every_reading_tells_what_is_written_now(file: Path) -> None:
    held = CounterFile(file)
    keyed = KeyedFile(held, [b"anon", b"slab"])
    file.write_text("anon_thp 1\nsomething_new 2\nanon 3000000\nslab 4\n")
    assert keyed.read() == (3000000, 4)
    held.close()


def test_lines_that_move_are_found_again(file: Path) -> None:
    held = CounterFile(file)
    keyed = KeyedFile(held, [b"anon", b"slab"])
    file.write_text("new 9\nslab 5\nanon 6\nanon_thp 7\n")
    assert keyed.read() == (6, 5)
    file.write_text("slab 1\nanon 2\n")
    assert keyed.read() == (2, 1)
    held.close()


def test_a_missing_key_is_told_with_file_and_key(file: Path) -> None:
    held = CounterFile(file)
    with pytest.raises(MeasureError, match=r"memory\.stat: no line 'kernel'"):
        KeyedFile(held, [b"kernel"])
    keyed = KeyedFile(held, [b"slab"])
    file.write_text("anon 1\n")
    with pytest.raises(MeasureError, match=r"memory\.stat: no line 'slab'"):
        keyed.read()
    held.close()


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "", "9" * 5000])
def test_what_is_no_number_is_told_with_its_file(file: Path, number: str) -> None:
    held = CounterFile(file)
    keyed = KeyedFile(held, [b"anon", b"slab"])
    file.write_text(f"anon_thp 1\nsomething_new 2\nanon 3\nslab {number}\n")
    with pytest.raises(MeasureError, match=r"memory\.stat: not what a kernel writes"):
        keyed.read()
    held.close()


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_gives_numbers_or_a_named_error(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.stat"
    path.write_bytes(b"anon 1\nslab 2\n")
    held = CounterFile(path)
    keyed = KeyedFile(held, [b"anon", b"slab"])
    path.write_bytes(text)
    try:
        numbers = keyed.read()
    except MeasureError as error:
        assert "any.stat" in str(error)  # noqa: PT017  # either way is right
    else:
        assert min(numbers) >= 0
    finally:
        held.close()


@given(st.dictionaries(st.sampled_from([b"anon", b"slab", b"x"]), st.integers(0), min_size=3))
def test_every_order_of_lines_gives_the_numbers_beside_the_keys(
    tmp_path_factory: pytest.TempPathFactory, lines: dict[bytes, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.stat"
    path.write_bytes(b"anon 1\nslab 2\n")
    held = CounterFile(path)
    keyed = KeyedFile(held, [b"anon", b"slab"])
    path.write_bytes(b"".join(b"%b %d\n" % line for line in lines.items()))
    assert keyed.read() == (lines[b"anon"], lines[b"slab"])
    held.close()
