from __future__ import annotations

import time

from cpost.meter.clock import SystemClock
from cpost.meter.lateness import Lateness
from cpost.profiling.own_use import OwnUseMeter


def test_what_this_process_does_is_told() -> None:
    own_use = OwnUseMeter(SystemClock())
    began = time.process_time()
    while time.process_time() - began < 0.05:
        sum(range(1000))
    used = own_use.use(7, Lateness())
    assert used.cpu_usec >= 50_000
    assert used.cpu_usec < used.wall_ns  # not in nanoseconds, and of one thread
    assert used.memory_peak_bytes is not None
    assert used.memory_peak_bytes > 1 << 20
    assert used.samples == 7


def test_lateness_is_of_all_samples_and_of_none_it_is_not_known() -> None:
    own_use, lateness = OwnUseMeter(SystemClock()), Lateness()
    assert own_use.use(0, lateness).late_p99_ns is None
    for late_ns in (*[10] * 98, 20, 20):
        lateness.add(late_ns)
    used = own_use.use(100, lateness)
    assert (used.late_p50_ns, used.late_p99_ns) == (10, 20)
