from dataclasses import replace

import pytest
from sizing_examples import MB, kinds, run, sample, spotless, steady

from cpost.meter.sample import Rung
from cpost.record.run import HostUse, RunState, StartUp
from cpost.record.sidecar import SidecarFacts, SidecarRun
from cpost.sizing.doubts.doubt import Doubt, DoubtKind
from cpost.sizing.sized_run import size_run

SECOND = 1_000_000  # in usec


def cut(*gone):
    """The spotless samples without those of these numbers."""
    return [one for k, one in enumerate(spotless().samples) if k not in gone]


def dip():
    samples = list(spotless().samples)
    samples[7] = samples[7]._replace(cpu_usage_usec=0)
    return samples


BUSY_HOST = HostUse(busy_usec=4_000_001 + 2 * SECOND, cpu_count=10)
QUIET_HOST = HostUse(busy_usec=4_000_000 + 2 * SECOND, cpu_count=10)

# Each kind of doubt: a run it is told of, and one just below its threshold.
CASES = {
    DoubtKind.NEVER_SAMPLED: (
        spotless([], duration_ms=20),
        spotless([sample(0, pids=1)], duration_ms=20),
    ),
    DoubtKind.SHORT_RUN: (spotless(duration_ms=999), spotless(duration_ms=1000)),
    DoubtKind.FEW_SAMPLES: (spotless(cut(*range(19, 41))), spotless(cut(*range(20, 41)))),
    DoubtKind.GAPS: (spotless(cut(20, 21)), spotless(cut(20))),
    DoubtKind.COUNTER_BACKWARDS: (spotless(dip()), spotless()),
    DoubtKind.UNSEEN_END: (spotless(unseen_end_usec=200_001), spotless(unseen_end_usec=200_000)),
    DoubtKind.ENGINE_STATISTICS: (
        spotless(rung=Rung.ENGINE_STATS),
        spotless(rung=Rung.CONTAINER_CGROUP_V1),
    ),
    DoubtKind.MISSING_CONTROLLERS: (spotless(io_read_bytes=None, io_write_bytes=None), spotless()),
    DoubtKind.PEAK_SAMPLED: (spotless(memory_peak_bytes=None), spotless()),
    DoubtKind.SPIKE_MISSED: (
        spotless(memory_peak_bytes=78 * MB + 1),  # 50 seen, 20 of files, 8 of the start
        spotless(memory_peak_bytes=78 * MB),
    ),
    DoubtKind.PEAK_SATURATED: (
        spotless(memory_limit_bytes=52 * MB + 4096),
        spotless(memory_limit_bytes=52 * MB + 4097),
    ),
    DoubtKind.MEMORY_LIMIT_HIT: (spotless(memory_limit_hits=1), spotless(memory_limit_hits=0)),
    DoubtKind.CPU_THROTTLED: (spotless(throttled_usec=40_001), spotless(throttled_usec=40_000)),
    DoubtKind.CHILD_KILLED: (spotless(oom_kills=1), spotless(oom_kills=1, exit_code=137)),
    DoubtKind.KILLS_DIFFER: (
        spotless(oom_kills=0, engine_oom_killed=True),
        spotless(oom_kills=2, engine_oom_killed=True),
    ),
    DoubtKind.SWAPPED: (spotless(swap_peak_bytes=1), spotless(swap_peak_bytes=0)),
    DoubtKind.HOST_SWAPPED: (
        spotless(host_use=HostUse(swapped_in_bytes=1, swapped_out_bytes=MB)),
        spotless(host_use=HostUse(swapped_in_bytes=0, swapped_out_bytes=MB)),
    ),
    DoubtKind.OTHER_LOAD: (spotless(host_use=BUSY_HOST), spotless(host_use=QUIET_HOST)),
    DoubtKind.STOLEN_TIME: (
        spotless(host_use=HostUse(stolen_usec=80_001, cpu_count=2)),
        spotless(host_use=HostUse(stolen_usec=80_000, cpu_count=2)),
    ),
    DoubtKind.HEAT: (
        spotless(host_use=HostUse(heat_throttles=1)),
        spotless(host_use=HostUse(heat_throttles=0)),
    ),
    DoubtKind.START_UP_SHARE: (
        spotless(start_up=StartUp(cpu_usec=400_000, memory_peak_bytes=1)),
        spotless(start_up=StartUp(cpu_usec=399_999, memory_peak_bytes=26 * MB - 1)),
    ),
}


def messages(one):
    return {doubt.kind: doubt.message for doubt in size_run(one).doubts}


def test_every_kind_of_doubt_has_a_case():
    assert set(CASES) == set(DoubtKind)


@pytest.mark.parametrize("kind", list(DoubtKind))
def test_it_is_told_above_its_threshold_and_not_at_it(kind):
    doubtful, fine = CASES[kind]
    assert kind in kinds(doubtful)
    assert kind not in kinds(fine)


@pytest.mark.parametrize("kind", list(DoubtKind))
def test_it_says_what_is_so_and_what_to_do(kind):
    doubt = next(one for one in size_run(CASES[kind][0]).doubts if one.kind is kind)
    assert doubt.what
    assert doubt.to_do
    assert ": " not in doubt.what
    assert doubt.message == f"{doubt.what}: {doubt.to_do}"
    assert doubt.message in size_run(CASES[kind][0]).warnings


def test_a_run_of_which_everything_is_told_leaves_no_doubts():
    assert kinds(spotless()) == []


def test_what_is_not_known_is_no_reason_to_doubt():
    samples = steady(4, pids=2)
    assert kinds(run(samples, rung=None, duration_ms=4000, memory_peak_bytes=MB)) == []


def test_an_operator_that_was_never_executed_leaves_no_doubts():
    assert kinds(run(state=RunState.SKIPPED)) == []


def test_gaps_are_counted_in_intervals():
    assert kinds(spotless(cut(20, 21), interval_s=0.2)) == []


def test_a_short_run_whose_samples_are_all_of_after_its_end_was_never_sampled():
    assert kinds(spotless([sample(147, pids=0)], duration_ms=2))[0] is DoubtKind.NEVER_SAMPLED


def test_an_unseen_end_is_notable_in_a_short_run_even_if_it_is_short():
    assert DoubtKind.UNSEEN_END in kinds(spotless(duration_ms=1000, unseen_end_usec=50_001))
    assert DoubtKind.UNSEEN_END not in kinds(spotless(duration_ms=1000, unseen_end_usec=50_000))


def test_engine_statistics_are_not_advised_to_come_more_often():
    once_a_second = [sample(k * 1000, pids=1) for k in range(5)]
    told = messages(spotless(once_a_second, rung=Rung.ENGINE_STATS))
    assert DoubtKind.GAPS not in told
    assert "--interval" not in told[DoubtKind.FEW_SAMPLES]


def test_who_samples_often_already_is_not_advised_to():
    assert "--interval" in messages(spotless(cut(*range(19, 41))))[DoubtKind.FEW_SAMPLES]
    often = spotless(cut(*range(19, 41)), interval_s=0.01)
    assert "--interval" not in messages(often)[DoubtKind.FEW_SAMPLES]


def test_all_missing_controllers_are_named():
    bare = spotless(steady(4), io_read_bytes=None, io_write_bytes=None, throttled_usec=None)
    told = messages(bare)[DoubtKind.MISSING_CONTROLLERS]
    assert "processes (pids), reading and writing (io), throttling (cpu)" in told


def test_without_a_living_sample_nobody_knows_what_is_missing():
    unseen = spotless([], io_read_bytes=None, io_write_bytes=None, duration_ms=20)
    assert DoubtKind.MISSING_CONTROLLERS not in kinds(unseen)


def test_a_quota_is_named_with_the_time_it_took():
    told = messages(spotless(throttled_usec=1_250_000, cpu_limit_mcores=1500))
    assert "its quota of 1.5 cores held it back for 1.2 s" in told[DoubtKind.CPU_THROTTLED]


def test_a_limit_is_named_with_how_often_it_was_reached():
    told = messages(spotless(memory_limit_bytes=100 * MB, memory_limit_hits=7))
    assert "its memory limit of 100.0 MB 7 times" in told[DoubtKind.MEMORY_LIMIT_HIT]
    once = messages(spotless(memory_limit_hits=1))[DoubtKind.MEMORY_LIMIT_HIT]
    assert "its memory limit once" in once


def test_other_load_is_told_in_cores():
    told = messages(spotless(host_use=HostUse(busy_usec=14 * SECOND, cpu_count=8)))
    assert "others kept 3.0 of the machine's 8 cores busy" in told[DoubtKind.OTHER_LOAD]


def beside(one, *server_cpu_usec):
    """``one`` with a server beside it whose counter was read so."""
    readings = tuple(sample(4000 * k, usec) for k, usec in enumerate(server_cpu_usec))
    server = SidecarRun(SidecarFacts("triton", "service", "t:1"), readings, len(readings))
    return replace(one, sidecars=(server,))


def test_the_servers_beside_an_operator_are_no_other_load():
    one = spotless(host_use=HostUse(busy_usec=14 * SECOND, cpu_count=8))
    assert DoubtKind.OTHER_LOAD in kinds(beside(one, SECOND, 2 * SECOND))
    assert DoubtKind.OTHER_LOAD not in kinds(beside(one, SECOND, 11 * SECOND))


def test_a_server_whose_use_is_not_known_may_have_been_all_other_load():
    one = spotless(host_use=HostUse(busy_usec=14 * SECOND, cpu_count=8))
    assert DoubtKind.OTHER_LOAD not in kinds(beside(one))


def test_the_engines_own_work_around_a_short_run_is_no_other_load():
    busy = HostUse(busy_usec=10 * SECOND, cpu_count=2)
    assert DoubtKind.OTHER_LOAD not in kinds(spotless(duration_ms=999, host_use=busy))


def test_other_load_is_over_all_the_time_for_which_the_machine_was_watched():
    watched = HostUse(busy_usec=14 * SECOND, cpu_count=8, elapsed_ns=6 * 10**9)
    told = messages(spotless(host_use=watched))
    assert "others kept 2.0 of the machine's 8 cores busy" in told[DoubtKind.OTHER_LOAD]


def test_a_peak_at_its_limit_is_nothing_to_size_from():
    told = messages(spotless(memory_peak_bytes=100 * MB, memory_limit_bytes=100 * MB))
    assert "size it" not in told[DoubtKind.SPIKE_MISSED]


def test_a_run_of_which_nothing_could_be_read_is_said_to_be_not_known():
    unread = run((), duration_ms=2000)
    assert kinds(unread) == [DoubtKind.NEVER_SAMPLED]
    assert "it is not known what it used" in messages(unread)[DoubtKind.NEVER_SAMPLED]


def test_a_flag_of_the_engine_alone_tells_of_a_killed_child():
    assert DoubtKind.CHILD_KILLED in kinds(spotless(engine_oom_killed=True))


def test_a_count_that_may_have_missed_the_end_contradicts_no_flag():
    early = {"oom_kills": 0, "engine_oom_killed": True, "rung": Rung.PARENT_CGROUP_V1}
    assert DoubtKind.KILLS_DIFFER not in kinds(spotless(**early))
    assert DoubtKind.KILLS_DIFFER in kinds(spotless(oom_kills=1, engine_oom_killed=False))


def test_the_share_of_the_start_up_names_what_it_is_a_share_of():
    small = spotless(start_up=StartUp(cpu_usec=10**9, memory_peak_bytes=26 * MB))
    told = messages(small)[DoubtKind.START_UP_SHARE]
    assert "about 100 % of its CPU time and 50 % of its memory peak" in told


def test_kinds_are_texts_that_stay():
    assert DoubtKind("spike-missed") is DoubtKind.SPIKE_MISSED
    assert Doubt(DoubtKind.HEAT, "hot", "cool it").message == "hot: cool it"
