from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from docker.errors import APIError, StreamParseError

from cpost.engine.docker_container import DockerContainer, exit_code_of
from cpost.engine.port import StartFailedError


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('exec: "nosuch": executable file not found in $PATH: unknown', 127),
        ('exec: "/x": stat /x: no such file or directory', 127),
        ('exec: "/bin": permission denied', 126),
        ('exec: "/bin": is a directory', 126),
        ("crun: executable file `nosuch` not found in $PATH: No such file or directory", 127),
        ("could not select device driver", 125),
    ],
)
def test_a_failed_start_ends_as_docker_run_would(words: str, code: int) -> None:
    assert exit_code_of(words) == code


class RefusingApi:
    """An engine that, as Podman, tells of a command that is not there when it is attached to."""

    def attach_socket(self, _container_id: str, params: dict[str, int]) -> None:
        del params
        raise APIError("409", explanation="crun: executable file `nosuch` not found in $PATH")


def test_a_start_may_fail_as_early_as_when_its_output_is_asked_for() -> None:
    api: Any = RefusingApi()
    container = DockerContainer(api, api, "id", lambda _stream, _data: None, None)
    with pytest.raises(StartFailedError) as failure:
        container.start(timeout_s=1)
    assert failure.value.container_exit_code == 127


@pytest.mark.parametrize(
    "trouble",
    [urllib3.exceptions.ProtocolError("cut"), StreamParseError(ValueError("{")), OSError("gone")],
)
def test_statistics_end_where_their_stream_breaks(trouble: Exception) -> None:
    class BreakingApi:
        def stats(self, _container_id: str, **_how: bool) -> Iterator[dict[str, int]]:
            yield {"first": 1}
            raise trouble

    api: Any = BreakingApi()
    container = DockerContainer(api, api, "id", lambda _stream, _data: None, None)
    stats = container.expected.stats
    assert stats is not None
    assert list(stats()) == [{"first": 1}]
