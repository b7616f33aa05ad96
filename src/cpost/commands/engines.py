"""The one place where real adapters are chosen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cpost.commands.profile_options import EngineChoice
from cpost.errors import EngineUnreachableError

if TYPE_CHECKING:
    from cpost.engine.port import Engine
    from cpost.meter.cgroup_host import CgroupHost


def open_engine(choice: EngineChoice, host: CgroupHost) -> Engine:
    """Return the engine that was chosen, connected; EngineUnreachableError.

    ``auto`` never falls back to plain processes by itself: executing somebody's containers
    without isolation is a decision for a person.
    """
    if choice is EngineChoice.PROCESS:
        from cpost.engine.process_engine import ProcessEngine  # noqa: PLC0415

        return ProcessEngine(host)
    from cpost.engine.connection import Endpoint  # noqa: PLC0415  # docker costs 190 ms
    from cpost.engine.docker_engine import DockerEngine  # noqa: PLC0415

    try:
        return DockerEngine(Endpoint.find(os.environ), host)
    except EngineUnreachableError as error:
        if choice is EngineChoice.DOCKER or "--engine process" in (error.hint or ""):
            raise
        raise EngineUnreachableError(
            str(error), hint=f"{error.hint}; or without containers: --engine process"
        ) from error
