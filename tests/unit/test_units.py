import pytest

from cpost.units import (
    format_bytes,
    format_duration,
    format_megabytes,
    format_seconds,
    parse_bytes,
    parse_timestamp_ns,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("65536", 65536),
        ("64m", 64 << 20),
        ("64M", 64 << 20),
        ("64MiB", 64 << 20),
        ("64 MiB", 64 << 20),
        ("500MB", 500_000_000),
        ("1.5GB", 1_500_000_000),
        ("1.5g", 3 << 29),
        ("2tib", 2 << 40),
        ("7b", 7),
    ],
)
def test_sizes_are_read_as_the_docker_command_reads_them(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "m", "-1", "1e3", "64 MiBs", "1,5g", "64im"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4_300_000, "4.1 MiB"),
        (2 << 30, "2.0 GiB"),
        (5 << 40, "5.0 TiB"),
    ],
)
def test_bytes_are_told_in_binary_units(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1m00s"), (187.4, "3m07s"), (7500, "2h05m")],
)
def test_time_is_told_in_the_units_of_its_length(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:00.123456789Z", 123_456_789),
        ("1970-01-01T01:00:00.000000001+01:00", 1),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        ("yesterday", None),
        ("2026-13-45T00:00:00Z", None),
    ],
)
def test_time_stamps_keep_their_nanoseconds(stamp: str, expected: int | None) -> None:
    assert parse_timestamp_ns(stamp) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.0004, "under 0.001 s"),
        (0.024, "0.024 s"),
        (0.1, "0.1 s"),
        (9.06, "9.1 s"),
        (345.0, "345.0 s"),
    ],
)
def test_a_short_time_keeps_its_digits(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_megabytes_are_of_ten_to_the_sixth() -> None:
    assert format_megabytes(51_249_999) == "51.2 MB"
