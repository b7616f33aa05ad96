"""Operators as plain processes of this machine, for machines without a container engine.

There is no isolation: operators see this machine's files, programs and network, images are not
used, and a payload is not protected from being written to. Folders are told by variables, see
``process_folders``.
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import cpost
from cpost.engine.owner import Owner, token_is_alive
from cpost.engine.port import (
    ContainerSpec,
    EngineInfo,
    ImageInfo,
    LogSink,
    PullPolicy,
    ServerContainer,
    StartFailedError,
)
from cpost.engine.process_container import ProcessContainer
from cpost.engine.process_folders import folder_variables
from cpost.engine.process_lock import process_lock, runtime_dir
from cpost.errors import EngineError, TritonError
from cpost.meter.cgroup_host import CgroupHost
from cpost.meter.parent_cgroup import (
    ParentCgroup,
    parent_cgroup,
    parent_cgroup_refusal,
    remove_leftovers,
)

_log = logging.getLogger(__name__)

_DRIVER = "cgroupfs"  # cgroups are made by hand, as engines with that driver do
_GPU_DEVICE = Path("/dev/nvidiactl")


class ProcessEngine:
    """See ``port.Engine``. One instance serves one session."""

    def __init__(self, host: CgroupHost) -> None:
        """Take the host, to make a cgroup for each operator where that is allowed."""
        self._host = host
        self._owner: Owner | None = None
        self._made = 0

    @property
    def network(self) -> None:
        """There is none but the machine's own."""
        return

    def close(self) -> None:
        """Nothing is held open."""

    def info(self) -> EngineInfo:
        """See ``port.Engine.info``; ``cgroup_driver`` is None where no cgroup can be made."""
        refusal = parent_cgroup_refusal(driver=_DRIVER, host=self._host)
        return EngineInfo(
            name="local processes",
            version=cpost.__version__,
            address=platform.node(),
            operating_system=_operating_system(),
            kernel=platform.release(),
            architecture=platform.machine(),
            cgroup_version=self._host.version,
            cgroup_driver=_DRIVER if refusal is None else None,
            gpu_runtime=_GPU_DEVICE.exists(),
        )

    @contextmanager
    def exclusive(self, session_id: str) -> Iterator[None]:
        """See ``port.Engine.exclusive``: one session at a time for each user."""
        owner = Owner.current(session_id)
        with process_lock(owner, runtime_dir(os.environ)):
            self._owner = owner
            _log.warning("operators are executed as plain processes, without any isolation")
            remove_leftovers(self._host, token_is_alive)
            try:
                yield
            finally:
                # Nothing is left as a rule; something may be if an interrupt came while an
                # operator was being made or unmade.
                remove_leftovers(self._host, lambda token: not token.startswith(f"{owner.token}n"))

    def provide_image(
        self,
        reference: str,
        policy: PullPolicy,
        progress: Callable[[str], None],
    ) -> ImageInfo:
        """Images are not used, so there is always one, and it is empty."""
        return ImageInfo(reference, id="", digest=None, architecture=platform.machine())

    @contextmanager
    def empty_image(self) -> Iterator[None]:
        """See ``port.Engine.empty_image``: there are no images."""
        yield

    @contextmanager
    def container(self, spec: ContainerSpec, sink: LogSink) -> Iterator[ProcessContainer]:
        """See ``port.Engine.container``; StartFailedError where there is no command."""
        words = (*(spec.entrypoint or ()), *(spec.command or ()))
        if not words:
            raise StartFailedError(
                f"only the image {spec.image} says what to execute, and images are not used here",
                container_exit_code=127,
                hint="add container.command to the operator, or use a container engine",
            )
        environment = {**os.environ, **spec.environment, **folder_variables(spec.mounts)}
        container = ProcessContainer(words, environment, sink, self._cgroup())
        try:
            yield container
        finally:
            container.unmake()

    def require_folder(self, folder: Path, *, copy_will_do: bool) -> None:
        """Do nothing: local processes see what cpost sees."""

    def server(self, spec: ContainerSpec, sink: LogSink) -> AbstractContextManager[ServerContainer]:
        """There is no network that a server and operators could share: TritonError."""
        raise TritonError(
            f"the server {spec.image} cannot be had: local processes have no network of their own",
            hint="use a container engine: --engine docker",
        )

    def remove_tree(self, folder: Path) -> None:
        """See ``port.Engine.remove_tree``; EngineError where this user may not."""
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise EngineError(
                f"{folder} cannot be removed: {error}", hint=f"sudo rm -rf {folder}"
            ) from error

    def _cgroup(self) -> ParentCgroup | None:
        if self._owner is None:
            return None
        self._made += 1
        token = f"{self._owner.token}n{self._made}"
        return parent_cgroup(token, driver=_DRIVER, host=self._host)


def _operating_system() -> str | None:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return None
