"""The dedicated network, which is also the lock: one cpost at a time at an engine.

A lock file would know only the processes of one host and one user; the network is known to
everybody who can reach the engine, and its labels tell who made it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import APIError, NotFound

from cpost.engine.connection import engine_errors
from cpost.engine.leftovers import remove_containers
from cpost.engine.owner import Owner
from cpost.engine.port import NETWORK_NAME
from cpost.errors import EngineBusyError, EngineError, NetworkTakenError
from cpost.interrupt import shielded

_log = logging.getLogger(__name__)

_ATTEMPTS = 5


@contextmanager
def dedicated_network(api: docker.APIClient, owner: Owner) -> Iterator[str]:
    """Hold the network ``cpost_net`` while the block lasts; yields its id.

    What a dead cpost left of it is removed first. Raises EngineBusyError where another cpost
    holds it, NetworkTakenError where it is not cpost's at all.
    """
    network_id = None
    try:
        with shielded():
            network_id = _claim(api, owner)
        yield network_id
    finally:
        if network_id is not None:
            with shielded():
                _leave(api, network_id)


def _leave(api: docker.APIClient, network_id: str) -> None:
    try:
        _remove(api, network_id)
    except EngineError as error:
        _log.warning("%s: the next cpost removes the network %s", error, NETWORK_NAME)


def _claim(api: docker.APIClient, owner: Owner) -> str:
    for _ in range(_ATTEMPTS):
        for network in _networks(api):
            _clear(api, network)
        network_id = _create(api, owner)
        if network_id is None:
            continue  # somebody was quicker: look again who it is
        # Older engines let two networks of one name be made at the same moment. Whoever was
        # first keeps his, by the engine's own clock, and both come to the same result.
        first = min(_networks(api), key=lambda network: (network["Created"], network["Id"]))
        if first["Id"] == network_id:
            return network_id
        _remove(api, network_id)
        _clear(api, first)
    raise EngineError(
        f"the network {NETWORK_NAME} cannot be had: others keep making and removing it",
        hint="docker network ls; then try again",
    )


def _networks(api: docker.APIClient) -> list[Mapping[str, Any]]:
    with engine_errors("listing networks"):
        found: list[Mapping[str, Any]] = api.networks(names=[NETWORK_NAME])
    return [network for network in found if network["Name"] == NETWORK_NAME]  # the filter is loose


def _clear(api: docker.APIClient, network: Mapping[str, Any]) -> None:
    """Remove the network of a dead cpost; raise where it is anybody else's."""
    holder = Owner.from_labels(network.get("Labels") or {})
    if holder is None:
        raise NetworkTakenError(
            f"Error response from daemon: network with name {NETWORK_NAME} already exists\n"
            "\n"
            f"{NETWORK_NAME} already exist, please remove the network and rerun cpost",
            hint=f"docker network rm {NETWORK_NAME}",
        )
    if holder.may_be_alive():
        raise EngineBusyError(
            f"another cpost is at work at this engine: {holder}",
            hint="wait for its end; if it is gone for sure: "
            f"docker ps -aq --filter label=cpost.session={holder.session_id} | "
            f"xargs -r docker rm -f; docker network rm {NETWORK_NAME}",
        )
    remove_containers(api, session_id=holder.session_id)
    _remove(api, network["Id"])


def _create(api: docker.APIClient, owner: Owner) -> str | None:
    with engine_errors(f"making the network {NETWORK_NAME}"):
        try:
            made = api.create_network(
                NETWORK_NAME, driver="bridge", labels=owner.labels(), check_duplicate=True
            )
        except APIError as error:
            if error.status_code == 409:
                return None
            raise
    return str(made["Id"])


def _remove(api: docker.APIClient, network_id: str) -> None:
    with engine_errors(f"removing the network {NETWORK_NAME}"):
        try:
            api.remove_network(network_id)
        except NotFound:
            return  # somebody removed it by hand
