"""``python -m benchmarks.truth``: measure, keep the outcome, write it into the README."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.truth import (
    burn,
    memory,
    nothing,
    own_use,
    sample,
    session,
    slow_down,
    spikes,
    tables,
)
from benchmarks.truth import outcome as keeping
from benchmarks.truth.judgement import rows
from benchmarks.truth.sizes import FULL, QUICK
from benchmarks.truth.watched import Bench

# Last those that other work on the machine disturbs most.
EXPERIMENTS = {
    "burn": burn.measure,
    "memory": memory.measure,
    "spikes": spikes.measure,
    "nothing": nothing.measure,
    "sample": sample.measure,
    "slow_down": slow_down.measure,
    "own_use": own_use.measure,
}
DEFAULT_IMAGE = "cpost-base/python:3.11"


def main() -> int:
    """Do what the command line asks for; 1 where an aim was missed."""
    options = _arguments()
    if options.tables:
        tables.rewrite()
        return 0
    sizes = QUICK if options.quick else FULL
    file = options.json or keeping.FOLDER / f"{keeping.host_kind()}.json"
    outcome = keeping.read(file)
    outcome["host"] = keeping.host()
    with session.payload() as payload:
        bench = Bench(options.image, payload)
        for name in options.only or EXPERIMENTS:
            print(f"{name} …", file=sys.stderr, flush=True)
            load, began_s = os.getloadavg()[0], time.monotonic()
            data = EXPERIMENTS[name](bench, sizes)
            took_s = time.monotonic() - began_s
            outcome["parts"][name] = keeping.part(sizes.name, options.note, load, took_s, data)
            outcome["parts"] = {
                name: outcome["parts"][name] for name in EXPERIMENTS if name in outcome["parts"]
            }
            keeping.write(file, outcome)
    if options.json is None:
        tables.rewrite()
    missed = 0
    for row in rows(outcome):
        verdict = {True: "met   ", False: "MISSED", None: "      "}[row.met]
        missed += row.met is False
        print(f"{verdict} {row.figure}: {row.seen} (aim: {row.aim})")
        if row.docker_stats:
            print(f"       docker stats: {row.docker_stats}; psrecord: {row.psrecord}")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.truth",
        description="What cpost says against what is known to be true, and beside what others say.",
    )
    parser.add_argument("image", nargs="?", default=DEFAULT_IMAGE, help="has python3 and true")
    parser.add_argument("--quick", action="store_true", help="few repeats, to try it")
    parser.add_argument(
        "--only", nargs="+", choices=EXPERIMENTS, metavar="NAME", help="%(choices)s"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="keep the outcome there, and leave the README"
    )
    parser.add_argument("--note", default="", help="what a reader must know of the machine")
    parser.add_argument("--tables", action="store_true", help="only write the README's tables")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
