"""How much of everything is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """How often, how long, how many; ``FULL`` is what counts, ``QUICK`` is to try it."""

    name: str
    burn_s: tuple[float, ...]
    storm_children: int
    spikes: dict[int, int]  # milliseconds: how many
    nothing: int
    samples: int
    own_s: int
    work_rounds: int
    pairs: int


FULL = Sizes(
    name="full",
    burn_s=(0.5, 2.0, 5.0),
    storm_children=200,
    spikes={5: 20, 50: 10, 500: 10},
    nothing=200,
    samples=5000,
    own_s=60,
    work_rounds=600,
    pairs=10,
)
QUICK = Sizes(
    name="quick",
    burn_s=(0.5, 2.0),
    storm_children=50,
    spikes={5: 5, 50: 3, 500: 3},
    nothing=20,
    samples=1000,
    own_s=15,
    work_rounds=300,
    pairs=6,
)
