"""One small phantom for all tests of the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

import make_payload

SLICES, SIZE = 40, 96


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CT series of 40 slices of 96 by 96 pixels."""
    folder = tmp_path_factory.mktemp("phantom")
    make_payload.write_payload(folder, SLICES, SIZE, seed=7)
    return folder
