"""The network as a lock, against an engine of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from docker.errors import APIError, NotFound

from cpost.engine.network import dedicated_network
from cpost.engine.owner import Owner
from cpost.engine.port import NETWORK_NAME
from cpost.errors import EngineBusyError, NetworkTakenError


class FakeApi:
    """Networks and containers of an engine; ``race`` happens while a network is made."""

    def __init__(self) -> None:
        self.nets: dict[str, dict[str, Any]] = {}
        self.boxes: dict[str, dict[str, str]] = {}
        self.race: Callable[[], object] = lambda: None
        self.refuse_duplicates = True

    def add(self, labels: dict[str, str], created: str) -> str:
        identity = f"net{len(self.nets)}"
        self.nets[identity] = {
            "Id": identity,
            "Name": NETWORK_NAME,
            "Labels": labels,
            "Created": created,
        }
        return identity

    def networks(self, names: list[str]) -> list[dict[str, Any]]:
        loose = {"Id": "other", "Name": names[0] + "_2", "Labels": {}, "Created": "0"}
        return [*self.nets.values(), loose]

    def create_network(self, _name: str, labels: dict[str, str], **_: object) -> dict[str, str]:
        race, self.race = self.race, lambda: None
        race()
        if self.nets and self.refuse_duplicates:
            raise APIError("exists", response=response(409))
        return {"Id": self.add(labels, "2026-01-02")}

    def remove_network(self, identity: str) -> None:
        if self.nets.pop(identity, None) is None:
            raise NotFound("gone", response=response(404))

    def containers(self, filters: dict[str, str], **_: object) -> list[dict[str, Any]]:
        key, _, value = filters["label"].partition("=")
        return [
            {"Id": one, "Labels": labels}
            for one, labels in self.boxes.items()
            if key in labels and value in {"", labels[key]}
        ]

    def remove_container(self, identity: str, **_: object) -> None:
        del self.boxes[identity]


def response(status: int) -> Any:
    return SimpleNamespace(status_code=status, url="", reason="", spec=requests.Response)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def dead(session: str) -> dict[str, str]:
    return replace(Owner.current(session), start_ticks=-1).labels()


def test_the_network_is_there_during_the_block_and_gone_after_it(api: FakeApi) -> None:
    with dedicated_network(api, Owner.current("s1")) as identity:  # type: ignore[arg-type]
        assert api.nets[identity]["Labels"]["cpost.session"] == "s1"
    assert api.nets == {}


def test_it_is_removed_when_the_block_fails(api: FakeApi) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        dedicated_network(api, Owner.current("s1")),  # type: ignore[arg-type]
    ):
        raise ZeroDivisionError
    assert api.nets == {}


def test_a_network_removed_by_hand_meanwhile_does_no_harm(api: FakeApi) -> None:
    with dedicated_network(api, Owner.current("s1")):  # type: ignore[arg-type]
        api.nets.clear()


def test_a_foreign_network_is_the_error_the_readme_shows_and_stays(api: FakeApi) -> None:
    api.add({}, "2026-01-01")
    with (
        pytest.raises(NetworkTakenError, match=r"already exist, please remove the network") as told,
        dedicated_network(api, Owner.current("s1")),  # type: ignore[arg-type]
    ):
        pass
    assert str(told.value).splitlines()[0] == (
        "Error response from daemon: network with name cpost_net already exists"
    )
    assert len(api.nets) == 1


def test_a_living_cpost_is_named_and_left_alone(api: FakeApi) -> None:
    holder = Owner.current("s1")
    api.add(holder.labels(), "2026-01-01")
    with (
        pytest.raises(EngineBusyError) as told,
        dedicated_network(api, Owner.current("s2")),  # type: ignore[arg-type]
    ):
        pass
    assert f"process {holder.pid}" in str(told.value)
    assert holder.since in str(told.value)
    assert len(api.nets) == 1


def test_what_a_dead_cpost_left_is_removed_and_only_that(api: FakeApi) -> None:
    api.add(dead("old"), "2026-01-01")
    api.boxes = {"a": {"cpost.session": "old"}, "b": {"cpost.session": "other"}, "c": {}}
    with dedicated_network(api, Owner.current("s2")) as identity:  # type: ignore[arg-type]
        assert list(api.nets) == [identity]
        assert set(api.boxes) == {"b", "c"}


def test_of_two_at_the_same_moment_the_later_gives_way(api: FakeApi) -> None:
    api.refuse_duplicates = False  # as older engines do
    api.race = lambda: api.add(replace(Owner.current("quicker")).labels(), "2026-01-01")
    with (
        pytest.raises(EngineBusyError),
        dedicated_network(api, Owner.current("slower")),  # type: ignore[arg-type]
    ):
        pass
    assert [one["Labels"]["cpost.session"] for one in api.nets.values()] == ["quicker"]


def test_of_two_at_the_same_moment_the_earlier_stays(api: FakeApi) -> None:
    api.refuse_duplicates = False
    api.race = lambda: api.add(replace(Owner.current("slower")).labels(), "2026-01-03")
    with dedicated_network(api, Owner.current("quicker")) as identity:  # type: ignore[arg-type]
        assert api.nets[identity]["Labels"]["cpost.session"] == "quicker"


def test_losing_the_race_at_a_strict_engine_tells_who_won(api: FakeApi) -> None:
    api.race = lambda: api.add(Owner.current("quicker").labels(), "2026-01-01")
    with (
        pytest.raises(EngineBusyError),
        dedicated_network(api, Owner.current("slower")),  # type: ignore[arg-type]
    ):
        pass
