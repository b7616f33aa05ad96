from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_cgroups import pressure
from hypothesis import given
from hypothesis import strategies as st

from cpost.errors import MeasureError
from cpost.meter import cgroup_texts
from cpost.meter.counter_file import CounterFile
from cpost.meter.keyed_file import find_number


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CounterFile]:
    path: Path = tmp_path_factory.getbasetemp() / "some.file"
    path.write_text("")
    file = CounterFile(path)
    yield file
    file.close()


def test_limits_are_none_where_there_is_no_limit(file: CounterFile) -> None:
    assert cgroup_texts.limit(file, b"max\n") is None
    assert cgroup_texts.limit(file, b"4096\n") == 4096
    # What version 1 says without a limit depends on the size of a page.
    assert cgroup_texts.limit_v1_bytes(file, b"9223372036854771712\n") is None
    assert cgroup_texts.limit_v1_bytes(file, b"9223372036854710272\n") is None
    assert cgroup_texts.limit_v1_bytes(file, b"0\n") == 0


def test_a_quota_is_told_in_thousandths_of_a_core(file: CounterFile) -> None:
    assert cgroup_texts.quota_mcores(file, b"max 100000\n") is None
    assert cgroup_texts.quota_mcores(file, b"20000 100000\n") == 200
    assert cgroup_texts.quota_mcores(file, b"250000 50000\n") == 5000


def test_pressure_is_told_in_its_sums(file: CounterFile) -> None:
    told = pressure(some_usec=123, full_usec=45).encode()
    assert cgroup_texts.pressure_usec(file, told) == {"some": 123, "full": 45}
    # Before Linux 5.13 nobody counts when all wait for a processor.
    assert cgroup_texts.pressure_usec(file, told.splitlines()[0]) == {"some": 123}


def test_bytes_of_all_devices_are_added(file: CounterFile) -> None:
    v2 = b"8:0 rbytes=1 wbytes=2 rios=3 wios=4\n8:16 rbytes=10 wbytes=20\n7:0\n"
    assert cgroup_texts.io_bytes_v2(file, v2) == (11, 22)
    v1 = b"8:0 Read 1\n8:0 Write 2\n8:0 Total 3\n8:16 Read 10\nTotal 13\n"
    assert cgroup_texts.io_bytes_v1(file, v1) == (11, 2)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (cgroup_texts.limit, b"-1"),
        (cgroup_texts.limit, b""),
        (cgroup_texts.limit_v1_bytes, b"max"),
        (cgroup_texts.quota_mcores, b"100000"),
        (cgroup_texts.quota_mcores, b"100000 0"),
        (cgroup_texts.pressure_usec, b"some avg10=0.00"),
        (cgroup_texts.io_bytes_v2, b"8:0 rbytes=-4"),
        (cgroup_texts.io_bytes_v1, b"8:0 Read \xff"),
    ],
)
def test_nonsense_is_told_with_its_file(
    file: CounterFile, parse: Callable[[CounterFile, bytes], Any], text: bytes
) -> None:
    with pytest.raises(MeasureError, match=r"some\.file: not what a kernel writes"):
        parse(file, text)


_PARSERS: list[Callable[[CounterFile, bytes], Any]] = [
    cgroup_texts.number,
    cgroup_texts.limit,
    cgroup_texts.limit_v1_bytes,
    cgroup_texts.quota_mcores,
    cgroup_texts.pressure_usec,
    cgroup_texts.io_bytes_v1,
    cgroup_texts.io_bytes_v2,
    lambda file, text: find_number(file, text, b"oom_kill"),
]
_PIECES = st.sampled_from(
    [
        b"some ",
        b"full ",
        b"total=",
        b"max",
        b" ",
        b"\n",
        b"8:0 ",
        b"Read ",
        b"rbytes=",
        b"oom_kill ",
    ]
)
_TEXTS = st.lists(_PIECES | st.binary(max_size=6) | st.integers().map(lambda n: b"%d" % n)).map(
    b"".join
)


@given(_TEXTS, st.sampled_from(_PARSERS))
def test_whatever_a_file_holds_no_figure_is_negative(
    file: CounterFile, text: bytes, parse: Callable[[CounterFile, bytes], Any]
) -> None:
    try:
        told = parse(file, text)
    except MeasureError as error:
        assert "some.file" in str(error)  # noqa: PT017  # either way is right
        return
    figures = (
        told.values() if isinstance(told, dict) else told if isinstance(told, tuple) else [told]
    )
    assert all(figure is None or figure >= 0 for figure in figures)
