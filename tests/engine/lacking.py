"""What a test lacks: it is skipped, or fails where everything must be there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(what: str, mend: str = "") -> NoReturn:
    """Skip the test, saying why; a failure where CPOST_REQUIRE_ENGINE is set.

    In CI no feature may pass because it was skipped.
    """
    if os.environ.get("CPOST_REQUIRE_ENGINE"):
        pytest.fail(f"CPOST_REQUIRE_ENGINE is set, but {what}")
    pytest.skip(f"{what} ({mend})" if mend else what)
