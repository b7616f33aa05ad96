from __future__ import annotations

import json
from pathlib import Path

from truth_examples import outcome

from benchmarks.truth import tables

NOTHING = {"asked": 2, "with_cpu": 2, "with_peak": 1, "left_over": []}


def test_what_stands_outside_the_marks_stays(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"above\n{tables.BEGIN}\nold\n{tables.END}\nbelow\n")
    (tmp_path / "some.json").write_text(json.dumps(outcome(nothing=NOTHING)))
    tables.rewrite(readme, tmp_path)
    once = readme.read_text()
    assert once.startswith(f"above\n{tables.BEGIN}\n")
    assert once.endswith(f"{tables.END}\nbelow\n")
    assert "old" not in once
    assert "| **missed**: 1 of 2, left over: nothing |" in once
    tables.rewrite(readme, tmp_path)
    assert readme.read_text() == once


def test_the_readme_shows_the_outcomes_that_are_kept(tmp_path: Path) -> None:
    copy = tmp_path / "README.md"
    copy.write_bytes(tables.README.read_bytes())
    tables.rewrite(copy)
    assert copy.read_bytes() == tables.README.read_bytes()


def test_circumstances_are_told_beside_the_figures() -> None:
    measured = outcome("cgroup-v2-emulated", nothing=NOTHING)
    measured["parts"]["nothing"].update(note="The machine was shared.", sizes="quick")
    text = tables.section(measured)
    assert "### cgroup v2, emulated" in text
    assert "The machine was shared." in text
    assert "nothing 0.1" in text
    assert "Few repeats (`--quick`): nothing." in text
