"""The Docker Engine, or one that speaks its language (Podman), as an ``Engine``."""

from __future__ import annotations

import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cpost.engine import docker_container
from cpost.engine.connection import Endpoint, engine_errors
from cpost.engine.docker_container import DockerContainer
from cpost.engine.docker_server import DockerServer
from cpost.engine.empty_image import empty_image, empty_program, remove_empty_images
from cpost.engine.images import provide_image, require_architecture
from cpost.engine.leftovers import remove_container, remove_containers, remove_tree_through
from cpost.engine.network import dedicated_network
from cpost.engine.owner import SESSION_LABEL, Owner, token_is_alive
from cpost.engine.port import (
    NETWORK_NAME,
    ContainerSpec,
    EmptyImage,
    EngineInfo,
    ImageInfo,
    LogSink,
    PullPolicy,
)
from cpost.engine.shared_folders import any_image, require_seen
from cpost.errors import EngineError
from cpost.interrupt import shielded
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.parent_cgroup import (
    ParentCgroup,
    parent_cgroup,
    parent_cgroup_refusal,
    remove_leftovers,
)

_log = logging.getLogger(__name__)

_EMPTY_IMAGE_TIMEOUT_S = 2  # it takes a tenth of a second, and the session waits for it


class DockerEngine:
    """See ``port.Engine``. One instance serves one session."""

    def __init__(self, endpoint: Endpoint, host: CgroupHost) -> None:
        """Connect; EngineUnreachableError."""
        self._endpoint = endpoint
        self._host = host
        self._owner: Owner | None = None
        self._images: dict[str, None] = {}
        self._made = 0
        with ExitStack() as opening:
            reached = opening.enter_context(endpoint.reached())
            self._api = reached.client()
            opening.callback(self._api.close)
            self._starter = reached.client()
            opening.callback(self._starter.close)
            self._info = self._ask()
            self._open = opening.pop_all()

    def close(self) -> None:
        """Close the connections."""
        self._open.close()

    @property
    def network(self) -> str:
        """See ``port.Engine.network``."""
        return NETWORK_NAME

    def info(self) -> EngineInfo:
        """See ``port.Engine.info``."""
        return self._info

    @contextmanager
    def exclusive(self, session_id: str) -> Iterator[None]:
        """See ``port.Engine.exclusive``."""
        self._owner = Owner.current(session_id)
        with dedicated_network(self._api, self._owner):
            removed = remove_containers(self._api, but_of=session_id)
            if removed:
                _log.info("removed %d containers that a cpost had left behind", removed)
            if self._info.local:
                remove_leftovers(self._host, token_is_alive, rootless=self._info.rootless)
            try:
                yield
            finally:
                with shielded():
                    self._remove_session(session_id)

    def provide_image(
        self, reference: str, policy: PullPolicy, progress: Callable[[str], None]
    ) -> ImageInfo:
        """See ``port.Engine.provide_image``."""
        image = provide_image(self._api, reference, policy, progress)
        require_architecture(image, self._info.architecture)
        self._images[reference] = None
        return image

    @contextmanager
    def empty_image(self) -> Iterator[EmptyImage | None]:
        """See ``port.Engine.empty_image``; EngineLostError if it takes the engine long."""
        info = self._info
        refusal = parent_cgroup_refusal(
            driver=info.cgroup_driver, host=self._host, rootless=info.rootless
        )
        program = empty_program(info.architecture)
        if not info.local or refusal is not None or program is None:
            yield None
            return
        self._starter.timeout = _EMPTY_IMAGE_TIMEOUT_S
        remove_empty_images(self._starter)  # of dead sessions: this one holds the engine
        with empty_image(self._starter, program) as image:
            yield image

    @contextmanager
    def container(self, spec: ContainerSpec, sink: LogSink) -> Iterator[DockerContainer]:
        """See ``port.Engine.container``."""
        parent = self._parent_cgroup()
        container = None
        try:
            with shielded():
                container_id = docker_container.create(
                    self._api, spec, parent.name if parent else None
                )
                container = DockerContainer(
                    self._api, self._starter, container_id, sink, parent.path if parent else None
                )
            yield container
        finally:
            if container is not None:
                with shielded():
                    self._unmake(container, parent)

    def require_folder(self, folder: Path, *, copy_will_do: bool) -> None:
        """See ``port.Engine.require_folder``."""
        if self._info.local:
            return
        image = next(iter(self._images), None) or any_image(self._api)
        if image is not None:  # else the first container that is made will tell
            copying = self._endpoint.copying(folder) if copy_will_do else ""
            require_seen(self._api, image, folder, self._labels(), copying)

    @contextmanager
    def server(self, spec: ContainerSpec, sink: LogSink) -> Iterator[DockerServer]:
        """See ``port.Engine.server``."""
        # A rootless engine's network is in a namespace of its own, where this process is not.
        direct = self._info.local and not self._info.rootless
        with self.container(spec, sink) as container:
            yield DockerServer(self._api, container, direct=direct)

    def remove_tree(self, folder: Path) -> None:
        """See ``port.Engine.remove_tree``; EngineError where even the engine cannot."""
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        # Files of other users are left, written by containers as root: only a container may
        # remove them. Any image will do that has a command called rm.
        for image in self._images:
            try:
                remove_tree_through(self._api, image, folder, self._labels())
            except EngineError as error:
                _log.debug("%s", error)
            if not folder.exists():
                return
        raise EngineError(
            f"files of other users cannot be removed: {folder}", hint=f"sudo rm -rf {folder}"
        )

    def _remove_session(self, session_id: str) -> None:
        # Containers are removed where they are made; one may be left if an interrupt came between
        # the engine's answer and our noting it.
        try:
            remove_containers(self._api, session_id=session_id)
        except EngineError as error:
            _log.warning("%s: the next cpost removes what is left", error)

    def _labels(self) -> Mapping[str, str]:
        return {SESSION_LABEL: self._owner.session_id} if self._owner else {}

    def _parent_cgroup(self) -> ParentCgroup | None:
        if not self._info.local or self._owner is None:
            return None
        self._made += 1
        return parent_cgroup(
            f"{self._owner.token}n{self._made}",
            driver=self._info.cgroup_driver,
            host=self._host,
            rootless=self._info.rootless,
        )

    def _unmake(self, container: DockerContainer, parent: ParentCgroup | None) -> None:
        try:
            remove_container(self._api, container.id)
        except EngineError as error:
            # Nothing is lost: the next cpost removes whatever carries cpost's name. Until then
            # the container may execute, and a cgroup with processes in it cannot be removed.
            _log.warning("%s", error)
            return
        finally:
            container.close()
        if parent is not None:
            parent.remove()

    def _ask(self) -> EngineInfo:
        with engine_errors("asking what it is"):
            facts: Mapping[str, Any] = self._api.info()
            version: Mapping[str, Any] = self._api.version()
        components = [str(one.get("Name")) for one in version.get("Components") or []]
        return EngineInfo(
            name="Podman" if any("Podman" in one for one in components) else "Docker Engine",
            version=str(version.get("Version", "unknown")),
            address=self._endpoint.host,
            operating_system=facts.get("OperatingSystem"),
            kernel=facts.get("KernelVersion"),
            architecture=facts.get("Architecture"),
            cgroup_version=int(facts["CgroupVersion"]) if facts.get("CgroupVersion") else None,
            cgroup_driver=facts.get("CgroupDriver"),
            gpu_runtime=_has_gpu_runtime(facts),
            rootless=_is_rootless(facts),
            local=self._endpoint.unix_socket is not None
            and facts.get("Name") == socket.gethostname()
            and facts.get("KernelVersion") == os.uname().release,
        )


def _is_rootless(facts: Mapping[str, Any]) -> bool:
    """Docker tells it among its security options, Podman in a field of its own."""
    options = map(str, facts.get("SecurityOptions") or [])
    return bool(facts.get("Rootless")) or any("rootless" in option for option in options)


def _has_gpu_runtime(facts: Mapping[str, Any]) -> bool:
    return "nvidia" in (facts.get("Runtimes") or {}) or bool(
        shutil.which("nvidia-container-runtime-hook")
    )
