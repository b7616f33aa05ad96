from collections.abc import Mapping
from typing import Any

import pytest
from stats_messages import DOCKER_V1, DOCKER_V2, ENDED, PODMAN

from cpost.meter.sample import Sample, Totals
from cpost.meter.stats_message import (
    is_of_a_living_container,
    parse_message,
    read_time_ns,
    tells_memory,
)


def parsed(message: Mapping[str, Any], at_ns: int, wall_ns: int) -> tuple[Sample, Totals]:
    told = parse_message(message, at_ns, wall_ns)
    assert told is not None
    return told


TEN_O_CLOCK_NS = 1714557600 * 10**9


def test_docker_on_version_1_tells_all_but_oom_kills() -> None:
    sample, totals = parsed(DOCKER_V1, at_ns=1, wall_ns=2)
    assert sample == Sample(
        at_ns=1,
        wall_ns=2,
        cpu_usage_usec=25404,
        memory_bytes=100000,
        inactive_file_bytes=20000,
        hard_bytes=70000,
        throttled_usec=7,
        pids=3,
        io_read_bytes=4096,
        io_write_bytes=512,
    )
    assert totals == Totals(
        cpu_usage_usec=25404,
        cpu_user_usec=15000,
        cpu_system_usec=10000,
        memory_peak_bytes=200000,
        oom_kills=None,
        throttled_usec=7,
        io_read_bytes=4096,
        io_write_bytes=512,
    )


def test_docker_on_version_2_tells_no_peak_but_reclaimable_slab_memory() -> None:
    sample, totals = parsed(DOCKER_V2, at_ns=1, wall_ns=2)
    assert (sample.hard_bytes, sample.inactive_file_bytes) == (65000, 20000)
    assert (sample.io_read_bytes, sample.io_write_bytes) == (4100, 512)
    assert totals.memory_peak_bytes is None


def test_podman_tells_no_details_which_is_none_and_not_zero() -> None:
    sample, totals = parsed(PODMAN, at_ns=1, wall_ns=2)
    assert sample == Sample(at_ns=1, wall_ns=2, cpu_usage_usec=25404, memory_bytes=100000, pids=3)
    assert totals == Totals(cpu_usage_usec=25404, cpu_system_usec=10000)


@pytest.mark.parametrize("message", [DOCKER_V1, DOCKER_V2, PODMAN])
def test_a_living_container_is_known_by_its_figures(message: dict[str, object]) -> None:
    assert is_of_a_living_container(message)
    assert tells_memory(message)


@pytest.mark.parametrize("message", [ENDED, {"name": "x", "id": "y"}])
def test_a_message_of_a_container_that_has_ended_holds_no_figures(
    message: dict[str, object],
) -> None:
    assert not is_of_a_living_container(message)
    assert not tells_memory(message)


@pytest.mark.parametrize(
    ("stamp", "after_ten_ns"),
    [
        ("2024-05-01T10:00:00.801995084Z", 801995084),
        ("2024-05-01T10:00:01Z", 10**9),
        ("2024-05-01T12:00:01.25+02:00", 1250000000),
        ("2024-05-01T04:30:00.000001-05:30", 1000),
    ],
)
def test_time_stamps_are_read_to_the_nanosecond(stamp: str, after_ten_ns: int) -> None:
    assert read_time_ns({"read": stamp}) == TEN_O_CLOCK_NS + after_ten_ns


@pytest.mark.parametrize("message", [{}, {"read": None}, {"read": "yesterday"}, ENDED])
def test_a_message_without_a_time_has_none(message: dict[str, object]) -> None:
    assert read_time_ns(message) is None
