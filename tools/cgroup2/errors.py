"""The one error of the testbed."""

from __future__ import annotations


class TestbedError(Exception):
    """The command could not be executed at all; the message says why, and what to do."""
