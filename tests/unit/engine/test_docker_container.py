import pytest

from cpost.engine.docker_container import exit_code_of, unix_ns


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
    ],
)
def test_time_stamps_keep_their_nanoseconds(stamp: str, expected: int | None) -> None:
    assert unix_ns(stamp) == expected


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('exec: "nosuch": executable file not found in $PATH: unknown', 127),
        ('exec: "/x": stat /x: no such file or directory', 127),
        ('exec: "/bin": permission denied', 126),
        ('exec: "/bin": is a directory', 126),
        ("could not select device driver", 125),
    ],
)
def test_a_failed_start_ends_as_docker_run_would(words: str, code: int) -> None:
    assert exit_code_of(words) == code
