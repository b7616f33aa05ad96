import io

from report_examples import MB, run

from cpost.record.run import OwnUse, StartUp
from cpost.reports.narration import Narration

OWN_USE = OwnUse(45_000_000_000, 410_000, 36 * MB, 450, 60_000, 300_000)


def last_lines(*runs, own_use=None, columns=100):
    """What stands under the final table."""
    stream = io.StringIO()
    narration = Narration(stream, columns=lambda: columns)
    for one in runs:
        narration.run_ended(one)
    narration.session_ended(own_use)
    return stream.getvalue().rpartition("+\n")[2].splitlines()


def test_what_cpost_itself_used_and_what_a_start_costs_stand_under_the_final_table():
    start_up = StartUp(cpu_usec=24_000, memory_peak_bytes=4_100_000)
    assert last_lines(run(start_up=start_up), run(start_up=start_up), own_use=OWN_USE) == [
        "starting a container costs 0.024 s of CPU and 4.1 MB here: "
        "it is in every operator's figures",
        "cpost itself: 0.9 % of a core (0.41 s), 36 MB; "
        "samples late by 0.06 ms (median), 0.3 ms (p99)",
    ]


def test_what_is_not_known_of_a_session_is_not_told():
    assert last_lines(run()) == []


def test_the_last_lines_fit_a_narrow_terminal():
    lines = last_lines(run(), own_use=OWN_USE, columns=60)
    assert lines == [
        "cpost itself: 0.9 % of a core (0.41 s), 36 MB;",
        "  samples late by 0.06 ms (median), 0.3 ms (p99)",
    ]


def test_a_session_without_operators_tells_nothing_of_itself():
    stream = io.StringIO()
    Narration(stream).session_ended(OWN_USE)
    assert stream.getvalue() == ""
