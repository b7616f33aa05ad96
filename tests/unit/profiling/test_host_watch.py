from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpost.profiling.host_watch import HostWatch
from cpost.record.run import HostUse

TICK_USEC = 1_000_000 // os.sysconf("SC_CLK_TCK")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    tell(tmp_path, busy=100, stolen=5)
    return tmp_path


def tell(root: Path, *, busy: int, stolen: int) -> None:
    (root / "proc/stat").write_text(f"cpu  {busy} 0 0 0 0 0 0 {stolen} 0 0\ncpu0 1\ncpu1 1\n")


def test_it_is_what_was_done_in_the_block(root: Path) -> None:
    with HostWatch(root) as watch:
        tell(root, busy=130, stolen=6)
    elapsed_ns = watch.use.elapsed_ns
    assert elapsed_ns is not None
    assert elapsed_ns > 0
    assert watch.use == HostUse(30 * TICK_USEC, TICK_USEC, cpu_count=2, elapsed_ns=elapsed_ns)


def test_a_counter_that_shrinks_tells_nothing(root: Path) -> None:
    with HostWatch(root) as watch:
        tell(root, busy=99, stolen=7)
    assert watch.use.busy_usec is None
    assert watch.use.stolen_usec == 2 * TICK_USEC


def test_what_is_known_only_before_or_after_is_not_known(root: Path) -> None:
    with HostWatch(root) as watch:
        (root / "proc/stat").unlink()
    assert watch.use == HostUse(elapsed_ns=watch.use.elapsed_ns)


def test_before_the_block_has_ended_nothing_is_known(root: Path) -> None:
    with HostWatch(root) as watch:
        assert watch.use == HostUse()
