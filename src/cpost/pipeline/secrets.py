"""Which variables look like secrets: their values are never shown and never kept."""

from __future__ import annotations

from collections.abc import Mapping

HIDDEN = "***"
_MARKS = ("TOKEN", "PASSWORD", "PASSWD", "SECRET", "KEY", "CREDENTIAL")


def looks_secret(name: str) -> bool:
    """Return whether a variable of this name may hold a secret."""
    upper = name.upper()
    return any(mark in upper for mark in _MARKS)


def redacted(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with ``***`` in the place of what may be a secret.

    An empty value stays empty: there is nothing to hide, and it is a common mistake to see.
    """
    return {
        name: HIDDEN if value and looks_secret(name) else value for name, value in variables.items()
    }
