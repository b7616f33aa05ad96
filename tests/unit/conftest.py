"""Fixtures for tests that need nothing but this process."""

from __future__ import annotations

import resource
from collections.abc import Callable, Generator
from typing import Any

import pytest

_FILE_SIZES = resource.getrlimit(resource.RLIMIT_FSIZE)


@pytest.fixture
def full_disk() -> Callable[[int], None]:
    """Call it: from then on no file of this process may grow beyond so many bytes.

    The kernel itself refuses, as a full disk does, in the middle of a write.
    """
    return lambda size_bytes: resource.setrlimit(
        resource.RLIMIT_FSIZE, (size_bytes, _FILE_SIZES[1])
    )


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Lift the limit of ``full_disk`` with a test's last line: pytest may print to a file."""
    del pyfuncitem
    try:
        return (yield)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, _FILE_SIZES)
