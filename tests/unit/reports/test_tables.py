import pytest
from report_examples import (
    README_BANNERS,
    README_FIGURES,
    README_FINAL_TABLE,
    README_OPERATOR_TABLES,
    run,
    skipped,
)

from cpost.meter.sample import Totals
from cpost.record.run import RunState
from cpost.reports.tables import banner, final_table, operator_table
from cpost.sizing.sized_run import size_run


@pytest.mark.parametrize(
    ("figures", "table"), list(zip(README_FIGURES, README_OPERATOR_TABLES, strict=True))
)
def test_the_figures_of_the_readme_give_its_operator_tables_to_the_letter(figures, table):
    assert operator_table(figures) == table


def test_the_figures_of_the_readme_give_its_final_table_to_the_letter():
    assert final_table(README_FIGURES) == README_FINAL_TABLE


@pytest.mark.parametrize("expected", README_BANNERS)
def test_banners_are_those_of_the_readme(expected):
    assert banner(expected.strip("_")) == expected


def test_a_name_wider_than_a_banner_is_printed_whole():
    assert banner("x" * 61) == "x" * 61


def cells(table):
    return [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.splitlines()
        if line.startswith("|")
    ]


def test_a_failed_run_keeps_its_figures_and_says_why_it_recommends_nothing():
    failed = size_run(run(state=RunState.FAIL, exit_code=126, reason="exit 126"))
    figures = [
        ["CPU", "50.000 %", "50.000 %", "no recommendation: exit 126"],
        ["Memory", "n/a", "50.000 MB", ""],
    ]
    assert cells(operator_table(failed))[1:] == figures
    assert cells(final_table([failed]))[1:] == [
        ["reader", *figures[0]],
        ["(Non-zero exitcode)", *figures[1]],
    ]


def test_a_skipped_operator_keeps_its_row():
    assert cells(final_table([size_run(skipped("writer"))]))[1:] == [
        ["writer", "CPU", "n/a", "n/a", "n/a"],
        ["(skipped)", "Memory", "n/a", "n/a", "n/a"],
    ]


@pytest.mark.parametrize(
    ("exit_code", "reason", "mark"),
    [
        (137, "killed for memory", "(Non-zero exitcode)"),
        (0, "a process was killed for memory, yet exit 0", None),
        (None, "the engine went away", None),
        (-15, "start not confirmed in 15 s", "(Non-zero exitcode)"),
    ],
)
def test_an_operator_that_failed_without_an_exit_code_says_why_under_its_name(
    exit_code, reason, mark
):
    failed = size_run(
        run(state=RunState.ERROR, exit_code=exit_code, reason=reason, totals=Totals())
    )
    assert cells(final_table([failed]))[2][0] == (mark or f"({reason})")


def test_all_lines_of_a_table_are_equally_wide_whatever_stands_in_it():
    runs = [
        size_run(run("x" * 255)),
        size_run(run("1e5")),
        size_run(run(state=RunState.FAIL, exit_code=None, reason="why " * 30)),
        size_run(skipped()),
    ]
    assert len({len(line) for line in final_table(runs).splitlines()}) == 1
    for one in runs:
        assert len({len(line) for line in operator_table(one).splitlines()}) == 1


def test_a_name_that_looks_like_a_number_stays_a_name():
    assert cells(final_table([size_run(run("1e5"))]))[1][0] == "1e5"


def test_no_operators_give_a_table_of_headings():
    assert "Operator" in final_table([])
