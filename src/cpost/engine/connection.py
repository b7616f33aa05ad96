"""How the Docker Engine is found and spoken to, as the docker command itself would do it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import requests
import urllib3
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException, TLSParameterError
from docker.tls import TLSConfig

from cpost.engine.ssh_tunnel import SshAddress, ssh_tunnel
from cpost.errors import EngineError, EngineLostError, EngineUnreachableError

REQUEST_TIMEOUT_S = 60.0
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_LOST = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of an engine, where it was told, and its certificates if it needs any."""

    host: str
    told_by: str
    tls: TLSConfig | None = None

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> Endpoint:
        """Return the endpoint the docker command would use.

        In its order: DOCKER_HOST (with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), DOCKER_CONTEXT,
        the current context of its configuration file, the default socket.
        """
        if host := environ.get("DOCKER_HOST"):
            return cls(host, "DOCKER_HOST", _tls_of_environment(environ))
        configuration = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        name = environ.get("DOCKER_CONTEXT") or _current_context(configuration)
        if name and name != "default":
            return _context_endpoint(name)
        return cls(_DEFAULT_HOST, "the default")

    @property
    def unix_socket(self) -> Path | None:
        """The unix socket, None for an engine that is reached in another way."""
        path = self.host.removeprefix("unix://")
        return Path(path) if path != self.host else None

    def copying(self, folder: Path) -> str:
        """Return the command that copies a folder to the engine's machine, empty for a socket."""
        if self.host.startswith("ssh://"):
            address = SshAddress.of(self.host)
            port = f" -e 'ssh -p {address.port}'" if address.port else ""
            machine = f"{address.user}@{address.host}" if address.user else address.host
            return f"rsync -aR{port} {folder}/ {machine}:/"
        machine = urlsplit(self.host).hostname or ""
        return f"rsync -aR {folder}/ {machine}:/" if machine else ""

    @contextmanager
    def reached(self) -> Iterator[Endpoint]:
        """Yield the endpoint that clients speak to until the block ends: this one, or its tunnel.

        An engine at ``ssh://…`` is spoken to through a socket of this machine.
        """
        if not self.host.startswith("ssh://"):
            yield self
            return
        with ssh_tunnel(self.host) as near:
            yield replace(self, host=f"unix://{near}", told_by=f"the way to {self.host}")

    def client(self, timeout_s: float = REQUEST_TIMEOUT_S) -> docker.APIClient:
        """Return a client that has spoken with the engine; EngineUnreachableError."""
        try:
            self._knock()
            probe = self._client(DEFAULT_DOCKER_API_VERSION, timeout_s)
            try:
                answer = probe.version(api_version=False)
            finally:
                probe.close()
            return self._client(str(answer["ApiVersion"]), timeout_s)
        except (DockerException, *_LOST, ValueError, OSError) as error:
            raise self._unreachable(error) from error

    def _knock(self) -> None:
        """Connect once by hand: the SDK wraps the reason why a socket cannot be had too deep."""
        if self.unix_socket is not None:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(REQUEST_TIMEOUT_S)
                connection.connect(str(self.unix_socket))

    def _client(self, version: str, timeout_s: float) -> docker.APIClient:
        client = docker.APIClient(
            base_url=self.host,
            version=version,
            timeout=timeout_s,  # type: ignore[arg-type]  # the stubs know whole seconds only
            tls=self.tls or False,
        )
        if self.tls is not None:
            # Else REQUESTS_CA_BUNDLE, made for the web, would take the place of the engine's own
            # authority. Proxies are still the environment's.
            client.proxies.update(requests.utils.get_environ_proxies(client.base_url))
            client.trust_env = False
        return client

    def _unreachable(self, error: Exception) -> EngineUnreachableError:
        where = f"the container engine at {self.host} ({self.told_by})"
        if isinstance(error, PermissionError):
            return EngineUnreachableError(
                f"{where} does not let you in: permission denied",
                hint="sudo usermod -aG docker $USER, then log in again; or run cpost with sudo",
            )
        if isinstance(error, FileNotFoundError):
            return EngineUnreachableError(
                f"{where} is not there: no such socket",
                hint="sudo apt-get install docker.io && sudo systemctl start docker; or execute "
                "without containers: --engine process",
            )
        start = "sudo systemctl start docker" if self.unix_socket else f"docker -H {self.host} info"
        return EngineUnreachableError(
            f"{where} does not answer: {_last_words(str(error))}",
            hint=f"{start}; or execute without containers: --engine process",
        )


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn the SDK's exceptions into cpost's; ``doing`` completes "while …".

    EngineLostError where the engine stopped answering, EngineError with the engine's own words
    where it refused.
    """
    try:
        yield
    except APIError as error:
        raise EngineError(f"the engine refused {doing}: {words_of(error)}") from error
    except _LOST as error:
        raise EngineLostError(
            f"the container engine stopped answering while {doing}",
            hint="see what it says itself: sudo journalctl -u docker --since -5min",
        ) from error
    except DockerException as error:
        raise EngineError(f"the engine failed while {doing}: {error}") from error


def words_of(error: APIError) -> str:
    """Return what the engine itself said, without the SDK's wrapping."""
    return str(error.explanation or error).strip()


def _last_words(cause: str) -> str:
    """Return the innermost of a chain of wrapped messages."""
    return cause.rpartition(": ")[2].strip(" ()'\"") or cause


def _tls_of_environment(environ: Mapping[str, str]) -> TLSConfig | None:
    verify = environ.get("DOCKER_TLS_VERIFY", "")
    folder = environ.get("DOCKER_CERT_PATH") or (str(Path.home() / ".docker") if verify else "")
    if not folder:
        return None
    try:
        return TLSConfig(
            client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"),
            ca_cert=f"{folder}/ca.pem",
            verify=bool(verify),
        )
    except TLSParameterError as error:
        raise EngineUnreachableError(
            f"the certificates of DOCKER_CERT_PATH={folder} cannot be used: {error}",
            hint=f"ls -l {folder}/ca.pem {folder}/cert.pem {folder}/key.pem",
        ) from error


def _current_context(configuration: Path) -> str:
    try:
        content: Any = json.loads((configuration / "config.json").read_text())
    except (OSError, ValueError):
        return ""
    name = content.get("currentContext", "") if isinstance(content, dict) else ""
    return name if isinstance(name, str) else ""


def _context_endpoint(name: str) -> Endpoint:
    from docker.context import ContextAPI  # noqa: PLC0415  # only where a context is used

    try:
        context = ContextAPI.get_context(name)
    except (DockerException, KeyError, ValueError, OSError) as error:
        raise EngineUnreachableError(
            f"the docker context {name!r} cannot be read: {error}",
            hint="docker context ls; docker context use default",
        ) from error
    if context is None or not context.Host:
        raise EngineUnreachableError(
            f"there is no docker context called {name!r}",
            hint="docker context ls; docker context use default",
        )
    return Endpoint(context.Host, f"docker context {name}", context.TLSConfig or None)
