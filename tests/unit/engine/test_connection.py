from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import requests
from docker.errors import APIError

from cpost.engine.connection import Endpoint, engine_errors
from cpost.errors import EngineError, EngineLostError, EngineUnreachableError


def find(tmp_path: Path, **environ: str) -> Endpoint:
    return Endpoint.find({"DOCKER_CONFIG": str(tmp_path), **environ})


def configure(tmp_path: Path, context: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": context}))


def test_without_a_word_it_is_the_default_socket(tmp_path: Path) -> None:
    endpoint = find(tmp_path)
    assert endpoint.host == "unix:///var/run/docker.sock"
    assert endpoint.unix_socket == Path("/var/run/docker.sock")


def test_docker_host_wins_over_any_context(tmp_path: Path) -> None:
    configure(tmp_path, "elsewhere")
    endpoint = find(tmp_path, DOCKER_HOST="tcp://127.0.0.1:9", DOCKER_CONTEXT="third")
    assert (endpoint.host, endpoint.told_by, endpoint.unix_socket) == (
        "tcp://127.0.0.1:9",
        "DOCKER_HOST",
        None,
    )


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_context_that_is_not_there_is_named(tmp_path: Path, by_variable: bool) -> None:
    configure(tmp_path, "nowhere")
    environ = {"DOCKER_CONTEXT": "nowhere"} if by_variable else {}
    with pytest.raises(EngineUnreachableError, match="no docker context called 'nowhere'"):
        find(tmp_path, **environ)


def test_a_broken_configuration_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    assert find(tmp_path).told_by == "the default"


def test_the_context_called_default_is_the_default_socket(tmp_path: Path) -> None:
    configure(tmp_path, "default")
    assert find(tmp_path).told_by == "the default"


def test_missing_certificates_are_told_with_their_folder(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachableError, match="DOCKER_CERT_PATH"):
        find(
            tmp_path,
            DOCKER_HOST="tcp://127.0.0.1:9",
            DOCKER_TLS_VERIFY="1",
            DOCKER_CERT_PATH=str(tmp_path / "none"),
        )


def test_a_socket_that_is_not_there_names_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachableError, match="no such socket") as told:
        find(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock").client()
    assert "apt-get install docker.io" in str(told.value.hint)
    assert "--engine process" in str(told.value.hint)


def test_an_address_that_is_none_does_not_answer() -> None:
    with pytest.raises(EngineUnreachableError, match="does not answer"):
        Endpoint("tcp://[::1", "DOCKER_HOST").client()


def test_a_socket_that_nobody_listens_on_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    with pytest.raises(EngineUnreachableError, match=r"does not answer: .*refused"):
        Endpoint(f"unix://{path}", "DOCKER_HOST").client()


def test_an_address_where_nobody_listens_is_told() -> None:
    endpoint = Endpoint("tcp://127.0.0.1:9", "DOCKER_HOST")
    with pytest.raises(EngineUnreachableError, match=r"127\.0\.0\.1:9 \(DOCKER_HOST\)"):
        endpoint.client(timeout_s=2)


@pytest.mark.parametrize("host", ["nonsense", "gopher://x", "tcp://"])
def test_an_address_that_is_none_is_told(host: str) -> None:
    with pytest.raises(EngineUnreachableError, match="DOCKER_HOST"):
        Endpoint(host, "DOCKER_HOST").client(timeout_s=2)


def test_the_engines_own_words_are_passed_on() -> None:
    with (
        pytest.raises(EngineError, match="refused making it: no space left"),
        engine_errors("making it"),
    ):
        raise APIError("500", explanation="no space left")


@pytest.mark.parametrize(
    "error", [requests.exceptions.ConnectionError(), ConnectionResetError(), requests.Timeout()]
)
def test_an_engine_that_stops_answering_is_lost(error: Exception) -> None:
    with (
        pytest.raises(EngineLostError, match="stopped answering while making it"),
        engine_errors("making it"),
    ):
        raise error
