"""Outcomes as Markdown, written into the README between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.truth import outcome as keeping
from benchmarks.truth.judgement import Row, rows

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- python -m benchmarks.truth --tables -->", "<!-- end -->"
_VERDICTS = {True: "", False: "**missed**: ", None: "not judged: "}


def rewrite(readme: Path = README, folder: Path = keeping.FOLDER) -> None:
    """Replace what stands between the marks of the README by the tables of all outcomes."""
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    sections = [section(keeping.read(file)) for file in sorted(folder.glob("*.json"))]
    inside = "\n".join(["", *sections])
    readme.write_text(f"{before}{BEGIN}{inside}{END}{after}", encoding="utf-8")


def section(outcome: Mapping[str, Any]) -> str:
    """Return what is told of one kind of host: the machine, the circumstances, the table."""
    host, parts = outcome["host"], outcome["parts"]
    title = host["kind"].replace("cgroup-", "cgroup ").replace("-", ", ")
    lines = [
        f"### {title}",
        f"{host['cpu_count']} cores ({host['cpu_model']}), Linux {host['kernel']}, Docker Engine "
        f"{host['engine']} (driver {host['cgroup_driver']}), Python {host['python']}.",
        f"Measured {_span(one['measured'] for one in parts.values())} UTC{_commits(parts)}.",
        *(f"{note}" for note in sorted({one["note"] for one in parts.values()}) if note),
        _circumstances(parts),
        "",
        "| figure | aim | cpost | docker stats | psrecord |",
        "|---|---|---|---|---|",
        *(_line(one) for one in rows(outcome)),
        "",
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    verdict = _VERDICTS[row.met]
    cells = [row.figure, row.aim, verdict + row.seen, row.docker_stats, row.psrecord]
    return f"| {' | '.join(cells)} |"


def _circumstances(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Say how much was measured, and how busy the machine was just before each experiment."""
    loads = ", ".join(f"{name} {one['load_before']:.1f}" for name, one in parts.items())
    quick = sorted(name for name, one in parts.items() if one["sizes"] != "full")
    text = f"Load of the machine just before each experiment: {loads}."
    return f"{text} Few repeats (`--quick`): {', '.join(quick)}." if quick else text


def _commits(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what was measured; nothing where the checkout did not know itself."""
    known = sorted({one["commit"] for one in parts.values()} - {None})
    return f" at commit {', '.join(known)}" if known else ""


def _span(moments: Iterable[str]) -> str:
    ordered = sorted(moments)
    return ordered[0] if ordered[0] == ordered[-1] else f"{ordered[0]} to {ordered[-1]}"
