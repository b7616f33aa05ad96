import dataclasses
from itertools import pairwise

import pytest
from report_examples import MB, TOTALS, run, sample, skipped

from cpost.meter.sample import Rung, Totals
from cpost.record.run import OwnUse, RunState, StartUp
from cpost.reports.facts import (
    fact_lines,
    own_use_line,
    start_up_line,
    terminal_columns,
    wrapped,
    wrapped_sentence,
)
from cpost.sizing.sized_run import size_run

GB = 1_000_000_000


def facts(columns=100, samples=(), **others):
    return fact_lines(size_run(run(samples=samples, **others)), columns)


def totals(**known):
    return dataclasses.replace(TOTALS, **known)


def busy(k, cores):
    return sample(k, cpu_usage_usec=round(k * 100_000 * cores), pids=3)


EVERYTHING = {
    "samples": [
        sample(
            k, hard_bytes=12 * MB, inactive_file_bytes=4 * MB, pids=3, cpu_usage_usec=k * 110_000
        )
        for k in range(21)
    ],
    "totals": Totals(
        cpu_usage_usec=2_200_000,
        memory_peak_bytes=250 * MB,
        memory_limit_bytes=512 * MB,
        swap_peak_bytes=3 * MB,
        throttled_usec=240_000,
        cpu_limit_mcores=1500,
        cpu_some_usec=100_000,
        memory_some_usec=0,
        io_some_usec=300_000,
        pids_peak=12,
        io_read_bytes=1_200_000_000,
        io_write_bytes=3_400_000,
        oom_kills=2,
    ),
    "engine_oom_killed": False,
}


def test_everything_that_is_known_is_told():
    assert facts(**EVERYTHING) == [
        "memory: hard 12.0 MB, working set 16.0 MB, peak 250.0 MB (page cache included),",
        "  222.0 MB of it in no sample, swapped out 3.0 MB, limit 512.0 MB",
        "CPU: 2.200 s, 0.2 s throttled, quota 1.5 cores; at least 1 core for 2.0 s",
        "waited: CPU 0.1 s, memory 0 s, I/O 0.3 s; processes and threads at most 12; read 1.2 GB,",
        "  wrote 3.4 MB",
        "ended: killed for memory (kernel: 2 kills; engine's flag: no)",
    ]


def test_what_is_not_known_is_left_out():
    assert facts(totals=Totals(cpu_usage_usec=1_000_000)) == ["CPU: 1.000 s"]
    assert fact_lines(size_run(skipped())) == []


def test_pressure_that_is_not_told_leaves_the_rest_of_its_line():
    assert facts(totals=Totals(io_read_bytes=0)) == ["read 0 B"]
    assert facts(totals=Totals(pids_peak=1)) == ["processes and threads at most 1"]


def test_a_peak_without_page_cache_does_not_claim_any():
    lines = facts(rung=Rung.PROCESS_TREE, totals=Totals(memory_peak_bytes=MB))
    assert lines == ["memory: peak 1.0 MB"]


def test_throttling_is_told_where_there_is_a_quota_or_some_of_it():
    assert "throttled" not in " ".join(facts(totals=totals(throttled_usec=0)))
    assert "0 s throttled, quota 2 cores" in facts(totals=totals(cpu_limit_mcores=2000))[1]
    assert "0.5 s throttled" in facts(totals=totals(throttled_usec=500_000))[1]


def test_up_to_four_cores_are_told_one_by_one():
    samples = [busy(k, 3) for k in range(21)]
    assert facts(samples=samples, totals=totals(cpu_usage_usec=6_000_000))[1] == (
        "CPU: 6.000 s; at least 1 core for 2.0 s, 2 cores for 2.0 s, 3 cores for 2.0 s"
    )


def test_many_cores_are_told_in_powers_of_two_and_the_last():
    samples = [busy(k, 11) for k in range(21)]
    line = facts(columns=1000, samples=samples, totals=totals(cpu_usage_usec=22_000_000))[1]
    told = [part.split(" core")[0] for part in line.partition("at least ")[2].split(", ")]
    assert told == ["1", "2", "4", "8", "11"]


@pytest.mark.parametrize(
    ("kills", "flag", "told"),
    [
        (1, True, "killed for memory (kernel: 1 kill; engine's flag: yes)"),
        (0, True, "killed for memory (kernel: 0 kills; engine's flag: yes)"),
        (None, True, "killed for memory (engine's flag: yes)"),
        (3, None, "killed for memory (kernel: 3 kills)"),
        (0, False, "exit 137 (SIGKILL)"),
    ],
)
def test_both_sides_are_heard_on_kills_for_memory(kills, flag, told):
    killed = {"state": RunState.FAIL, "exit_code": 137, "reason": "exit 137 (SIGKILL)"}
    lines = facts(totals=totals(oom_kills=kills), engine_oom_killed=flag, **killed)
    assert lines[-1] == f"ended: {told}"


@pytest.mark.parametrize("exit_code", [0, 1, 126, None])
def test_an_end_without_a_kill_or_a_signal_is_told_elsewhere(exit_code):
    assert not any(line.startswith("ended:") for line in facts(exit_code=exit_code))


@pytest.mark.parametrize("columns", [100, 80, 60, 40])
def test_lines_fit_and_break_between_facts(columns):
    lines = facts(columns, **EVERYTHING)
    widest_fact = len("  processes and threads at most 12;")
    assert max(map(len, lines)) <= max(columns, widest_fact + 15)
    assert "peak 250.0 MB (page cache included)," in " ".join(lines)
    assert all(line.endswith((",", ";")) for line, after in pairwise(lines) if after[0] == " ")


def test_a_fact_wider_than_the_terminal_stays_whole():
    assert wrapped("one fact that is wide, two", 5) == ["one fact that is wide,", "  two"]


def test_lines_are_as_wide_as_the_terminal_but_never_too_wide_to_read(monkeypatch):
    monkeypatch.setenv("COLUMNS", "71")
    assert terminal_columns() == 71
    monkeypatch.setenv("COLUMNS", "250")
    assert terminal_columns() == 100


def own_use(**changes):
    known = OwnUse(45 * GB, 410_000, 36 * MB, 450, 60_000, 300_000)
    return own_use_line(dataclasses.replace(known, **changes))


def test_what_cpost_itself_used_is_one_line():
    assert own_use() == (
        "cpost itself: 0.9 % of a core (0.41 s), 36 MB; "
        "samples late by 0.06 ms (median), 0.3 ms (p99)"
    )


def test_of_cpost_itself_too_only_what_is_known_is_told():
    assert own_use(memory_peak_bytes=None, late_p50_ns=None, late_p99_ns=None) == (
        "cpost itself: 0.9 % of a core (0.41 s)"
    )
    assert own_use(wall_ns=0).startswith("cpost itself: 0.0 % of a core")


@pytest.mark.parametrize(
    ("ns", "told"), [(0, "0 ms"), (64_321, "0.064 ms"), (1_234_567, "1.2 ms"), (345 * MB, "345 ms")]
)
def test_lateness_has_two_digits(ns, told):
    assert f"late by {told} (median)" in own_use(late_p50_ns=ns)


def test_the_cost_of_a_start_is_that_of_the_first_run_that_knows_it():
    known = run(start_up=StartUp(cpu_usec=24_000, memory_peak_bytes=4_100_000))
    assert start_up_line([size_run(run()), size_run(known)]) == (
        "starting a container costs 0.024 s of CPU and 4.1 MB here: "
        "it is in every operator's figures"
    )
    assert start_up_line([size_run(run())]) == ""
    half = run(start_up=StartUp(memory_peak_bytes=4_100_000))
    assert start_up_line([size_run(half)]).startswith("starting a container costs 4.1 MB here")


def test_a_sentence_is_wrapped_between_words_and_an_option_stays_with_its_value():
    sentence = "warning: few samples, so bursts may be missing: use --interval 0.01 next time"
    assert wrapped_sentence(sentence, 66) == [
        "warning: few samples, so bursts may be missing: use",
        "  --interval 0.01 next time",
    ]
    assert wrapped_sentence("/a/path/that-is-longer/than-a-line", 10) == [
        "/a/path/that-is-longer/than-a-line"
    ]
