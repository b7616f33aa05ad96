import pytest

from cpost.engine.docker_container import exit_code_of


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
