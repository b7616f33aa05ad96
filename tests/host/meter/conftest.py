"""A cgroup of its own for each test, on machines where this user may make one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from cpost.engine.owner import Owner
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import CgroupHost, cgroup_host
from cpost.meter.clock import SystemClock
from cpost.meter.parent_cgroup import ParentCgroup, parent_cgroup, parent_cgroup_refusal
from cpost.meter.port import Reader
from cpost.meter.target import Target

_numbers = count(1)


@pytest.fixture(scope="session")
def host() -> CgroupHost:
    host = cgroup_host()
    refusal = parent_cgroup_refusal(driver="cgroupfs", host=host)
    if refusal is not None:
        pytest.skip(f"no cgroup can be made here: {refusal} (try as root)")
    return host


@pytest.fixture
def token() -> str:
    # Leads back to this process, so that no cpost takes it for what a dead one left.
    return f"{Owner.current('test').token}n{next(_numbers)}"


@pytest.fixture
def cgroup(host: CgroupHost, token: str) -> Iterator[ParentCgroup]:
    parent = parent_cgroup(token, driver="cgroupfs", host=host)
    assert parent is not None
    parent.make()
    try:
        yield parent
    finally:
        assert parent.kill()
        assert parent.remove()
        assert parent.directories() == {}


@pytest.fixture
def reader(host: CgroupHost, cgroup: ParentCgroup) -> Iterator[Reader]:
    target = Target(pid=os.getpid(), parent_cgroup=cgroup.name, process_tree=True)
    with attach(target, host, SystemClock()) as reader:
        yield reader
