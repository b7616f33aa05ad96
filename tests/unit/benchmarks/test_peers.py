from __future__ import annotations

from typing import Any

from benchmarks.truth.peers import Seen, most_of_psrecord, most_of_stats


def message(cpu_ns: int, usage: int, **counters: int) -> dict[str, Any]:
    return {
        "cpu_stats": {"cpu_usage": {"total_usage": cpu_ns}},
        "memory_stats": {"usage": usage, "stats": counters},
    }


def test_docker_stats_shows_memory_without_inactive_page_cache() -> None:
    on_v1 = message(1_000_000, 900, total_inactive_file=300, inactive_file=1)
    on_v2 = message(1_000_000, 900, inactive_file=200)
    assert most_of_stats([on_v1]).memory_bytes == 600
    assert most_of_stats([on_v2]).memory_bytes == 700


def test_the_zeros_of_a_container_that_has_gone_are_no_figures() -> None:
    gone = {"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}}
    assert most_of_stats([message(5_000, 100), gone]) == Seen(cpu_usec=5, memory_bytes=100)
    assert most_of_stats([gone]) == Seen(None, None)
    assert most_of_stats([]) == Seen(None, None)


def test_psrecords_percentages_count_for_the_time_since_the_line_before() -> None:
    rows = [
        {"elapsed_time": "0.0", "cpu": "0.0", "mem_real": "4.0"},
        {"elapsed_time": "0.5", "cpu": "100.0", "mem_real": "8.0"},
        {"elapsed_time": "1.5", "cpu": "50.0", "mem_real": "2.0"},
    ]
    assert most_of_psrecord(rows) == Seen(cpu_usec=1_000_000, memory_bytes=8 << 20)
    assert most_of_psrecord([]) == Seen(None, None)
