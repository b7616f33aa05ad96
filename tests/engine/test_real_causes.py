"""Every kind of doubt that a test can give a real cause, from the cause to what is printed.

Not had here: time that a hypervisor steals, heat, a counter that goes backwards, a kernel without
``memory.peak``, and an engine whose flag contradicts the kernel's count (``kills-differ``). No test
can have another machine give these at will; ``tests/unit`` holds the judgement of each. Elsewhere,
beside what else they are about: ``engine-statistics`` in ``test_remote`` and ``test_bad_hosts``,
``peak-sampled`` in ``tests/host/test_amputated_hosts``.
"""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from far_engines import until
from steering import Steered, when_told

from amputations import READ_ONLY, amputated
from cpost.meter.sample import Sample
from cpost.record.reading import read_session
from cpost.record.run import Run
from cpost.sizing.sized_run import size_run
from cpost.units import NS_PER_SECOND, NS_PER_USEC

pytestmark = pytest.mark.engine

MIB = 1 << 20
NS_PER_MS = 1_000_000
LIMIT_BYTES = 64 * MIB

TAKE_256_MIB = "python3 -c 'bytearray(256 << 20)'"
BURN = "python3 -c 'import time\nwhile time.process_time() < 0.3: pass'"
# A moment of 200 MiB, its pages had at once, right after a sample.
SPIKE = (
    "import mmap, os, time\n"
    "while not os.path.exists('/input/spiky'): time.sleep(0.005)\n"
    "flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE\n"
    "held = mmap.mmap(-1, 200 << 20, flags=flags)\n"
    "time.sleep(0.005)\n"
    "held.close()\n"
)
# A fifth of a core for three seconds in short bursts, between less and nothing; it says when.
PULSE = (
    "import time\n"
    "def pulse(seconds, burst):\n"
    "    end = time.time() + seconds\n"
    "    while time.time() < end:\n"
    "        began, stop = time.monotonic(), time.process_time() + burst\n"
    "        while time.process_time() < stop: pass\n"
    "        time.sleep(max(0, began + 0.04 - time.monotonic()))\n"
    "pulse(1.5, 0.002)\n"
    "print(time.time())\n"
    "pulse(3, 0.008)\n"
    "print(time.time(), flush=True)\n"
    "time.sleep(1.5)\n"
)

Steer = Callable[..., Any]


@pytest.fixture
def steer(
    cpost: Any, pipeline: Any, operator: Any, payload: Path, tmp_path: Path, engine_client: Any
) -> Steer:
    """Start cpost on operators given by name, each a line of shell or the words of a command."""

    def made(name: str, does: str | list[str]) -> dict[str, Any]:
        one: dict[str, Any] = operator(name, does)
        if not isinstance(does, str):
            one["container"]["command"] = does
        return one

    @contextmanager
    def start(
        operators: dict[str, Any], *words: object, amputation: str = "true"
    ) -> Iterator[Steered]:
        file = pipeline(*(made(name, does) for name, does in operators.items()))
        result = tmp_path / "result.json"
        options = ["--force", "cont", "--metrics_dir", tmp_path, "--json", result, *words]
        command = [sys.executable, "-m", "cpost", *map(str, (*options, file, payload))]
        if amputation != "true":
            command = amputated(amputation, *options, file, payload)
        with (
            (tmp_path / "stdout").open("w") as stdout,
            subprocess.Popen(
                command, env=dict(cpost.environ), stdin=subprocess.DEVNULL, stdout=stdout, text=True
            ) as process,
        ):
            try:
                yield Steered(process, tmp_path, cpost.record_dir, payload, engine_client.api)
            except BaseException:
                process.send_signal(signal.SIGINT)
                raise

    return start


def kinds(run: dict[str, Any]) -> set[str]:
    return {doubt["kind"] for doubt in run["doubts"]}


def test_limits_that_were_reached_and_kills_are_told(steer: Steer) -> None:
    write_200_mib = "head -c 209715200 /dev/zero >/output/file; sleep 0.5"
    operators = {
        "unlimited": write_200_mib,
        "full": when_told("full", write_200_mib),
        "parent": when_told("parent", f"{TAKE_256_MIB} || sleep 0.5"),
        "killed": when_told("killed", f"exec {TAKE_256_MIB}"),
        "slowed": when_told("slowed", f"exec {BURN}"),
    }
    with steer(operators) as cpost:
        # Where the limit with swap is the same, newer kernels of version 1 count nothing.
        cpost.limit("full", mem_limit=LIMIT_BYTES, memswap_limit=-1)
        for name in ("parent", "killed"):
            cpost.limit(name, mem_limit=LIMIT_BYTES, memswap_limit=LIMIT_BYTES)
        # Less than it would have even beside many others, or nothing need be held back.
        cpost.limit("slowed", cpu_quota=10_000, cpu_period=100_000)
        runs = cpost.results()

    of_limits = {"peak-saturated", "memory-limit-hit", "cpu-throttled", "child-killed"}
    assert not of_limits & kinds(runs["unlimited"])

    assert of_limits & kinds(runs["full"]) == {"peak-saturated", "memory-limit-hit"}
    assert runs["full"]["state"] == "pass"
    assert runs["full"]["memory"]["peak_bytes"] == pytest.approx(LIMIT_BYTES, rel=0.01)
    assert runs["full"]["memory"]["hard_peak_bytes"] < LIMIT_BYTES / 2

    assert {"child-killed", "peak-saturated"} <= kinds(runs["parent"])
    assert (runs["parent"]["state"], runs["parent"]["exit_code"]) == ("fail", 0)

    assert "child-killed" not in kinds(runs["killed"])
    assert (runs["killed"]["state"], runs["killed"]["exit_code"]) == ("fail", 137)
    assert runs["killed"]["oom_killed"]

    assert of_limits & kinds(runs["slowed"]) == {"cpu-throttled"}
    assert runs["slowed"]["throttled_seconds"] > 0.3
    assert runs["slowed"]["cpu"]["maximum_cores"] < 0.3


def test_runs_that_are_too_short_or_badly_sampled_are_told(steer: Steer) -> None:
    nothing = [f"nothing-{number}" for number in range(5)]
    operators = {
        **{name: ["true"] for name in nothing},
        "short": "exec sleep 0.3",
        "few": "exec sleep 1.2",
        "unwatched": when_told("unwatched", "sleep 0.3"),
    }
    with steer(operators) as cpost:
        cpost.measured("unwatched")
        with cpost.paused():
            time.sleep(1.5)
        cpost.go_on("unwatched")
        runs = cpost.results()

    # The first sample meets one in ten of them, by chance.
    assert "never-sampled" in set().union(*(kinds(runs[name]) for name in nothing))
    for name in nothing:
        assert {"never-sampled", "short-run"} & kinds(runs[name])
        # A machine that is too busy to measure what a start costs says nothing of its share.
        measured = runs[name]["start_up"]["cpu_seconds"] is not None
        assert ("start-up-share" in kinds(runs[name])) == measured
    assert "short-run" in kinds(runs["short"])
    assert "few-samples" in kinds(runs["few"])
    assert "gaps" in kinds(runs["unwatched"])


def test_a_busy_neighbour_is_told(steer: Steer) -> None:
    with steer({"disturbed": when_told("disturbed", "true")}) as cpost:
        cpost.measured("disturbed")
        with ExitStack() as neighbours:
            for _ in range(os.cpu_count() or 1):
                burn = [sys.executable, "-c", "while True: pass"]
                neighbour = neighbours.enter_context(subprocess.Popen(burn))
                neighbours.callback(neighbour.kill)
            time.sleep(2)
            cpost.go_on("disturbed")
            runs = cpost.results()
    assert "other-load" in kinds(runs["disturbed"])


def test_a_spike_that_no_sample_saw_is_in_the_peak_and_told(steer: Steer) -> None:
    with steer({"spiky": f'exec python3 -c "{SPIKE}"'}, "--interval", 10) as cpost:
        cpost.measured("spiky", samples=1)
        # What was just given back is had again at once, even in a virtual machine.
        mmap.mmap(-1, 300 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_POPULATE).close()
        cpost.go_on("spiky")
        spiky = cpost.results()["spiky"]
    assert 200 * MIB < spiky["memory"]["peak_bytes"] < 300 * MIB
    assert spiky["memory"]["hard_peak_bytes"] < 50 * MIB
    assert "spike-missed" in kinds(spiky)
    assert spiky["memory"]["unseen_spike_bytes"] == pytest.approx(200 * MIB, rel=0.1)


def test_files_are_in_the_peak_alone_and_tmpfs_is_hard(steer: Steer) -> None:
    operators = {
        "files": "head -c 524288000 /dev/zero >/output/file; sleep 0.5",
        "tmpfs": "head -c 52428800 /dev/zero >/dev/shm/file; sleep 0.5",
    }
    with steer(operators) as cpost:
        runs = cpost.results()
    files, tmpfs = (runs[name]["memory"] for name in operators)
    assert 500 * MIB < files["peak_bytes"] < 600 * MIB
    assert files["hard_peak_bytes"] < 50 * MIB
    assert 50 * MIB < tmpfs["hard_peak_bytes"] <= tmpfs["peak_bytes"] < 80 * MIB
    assert not {"spike-missed", "peak-saturated"} & (kinds(runs["files"]) | kinds(runs["tmpfs"]))


def test_what_nobody_saw_of_a_cgroup_that_went_with_its_container_is_told(steer: Steer) -> None:
    """The sampler sleeps while the operator ends, where no parent cgroup can be made."""
    operation = READ_ONLY
    without_pids = Path("/sys/fs/cgroup/pids/cgroup.procs").exists()
    if without_pids:  # version 1, where controllers can be missing one by one
        operation += " && umount /sys/fs/cgroup/pids"
    with steer({"alone": when_told("alone", "true")}, amputation=operation) as cpost:
        container = cpost.measured("alone", samples=10)
        with cpost.paused():
            cpost.go_on("alone")
            until(lambda: not cpost.api.inspect_container(container)["State"]["Running"])
            time.sleep(1)
        alone = cpost.results()["alone"]
    assert alone["meter"].startswith("container cgroup")
    assert "unseen-end" in kinds(alone)
    assert alone["unseen_end_seconds"] > 0.5
    assert ("missing-controllers" in kinds(alone)) == without_pids


@pytest.fixture
def swap_file(tmp_path: Path) -> Iterator[Path]:
    """Give this machine 256 MiB more to swap to."""
    file = tmp_path / "swap"
    if os.geteuid() != 0 or shutil.which("swapon") is None:
        pytest.skip("only root may add swap (try as root)")
    file.touch(mode=0o600)
    with file.open("wb") as opened:
        for _ in range(256):
            opened.write(bytes(MIB))
    subprocess.run(["mkswap", file], check=True, capture_output=True)
    done = subprocess.run(["swapon", file], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no swap can be added here: {done.stderr.strip()}")
    yield file
    subprocess.run(["swapoff", file], check=True)


@pytest.mark.usefixtures("swap_file")
def test_memory_that_was_swapped_out_is_told(steer: Steer) -> None:
    hold = "import time; held = bytearray(b'x') * (160 << 20); time.sleep(0.5)"
    with steer({"squeezed": when_told("squeezed", f'exec python3 -c "{hold}"')}) as cpost:
        cpost.limit("squeezed", mem_limit=LIMIT_BYTES, memswap_limit=-1)
        squeezed = cpost.results()["squeezed"]
    assert squeezed["state"] == "pass"
    assert {"swapped", "host-swapped", "memory-limit-hit"} <= kinds(squeezed)
    assert squeezed["memory"]["swap_peak_bytes"] > 50 * MIB


def test_the_maximum_of_cpu_does_not_depend_on_how_often_it_was_sampled(
    steer: Steer, cpost: Any
) -> None:
    """One container is sampled each 10 ms; some of its samples are what 0.1 s and 1 s would be.

    Where others keep a machine busy the load itself is uneven, and its highest second is truly
    higher than what any sampling of a second can find: that much is allowed beside 3 %.
    """
    with steer({"pulsing": f'exec python3 -c "{PULSE}"'}, "--interval", 0.01) as steered:
        steered.results()
    (run,) = read_session(cpost.session_dir).runs
    samples = list(run.samples)
    (log,) = cpost.session_dir.glob("*/stdout.log")
    began_ns, ended_ns = (int(float(word) * NS_PER_SECOND) for word in log.read_text().split())
    busy = [one for one in samples if began_ns <= one.wall_ns <= ended_ns]
    unevenness = max(seconds_of(busy)) / min(seconds_of(busy))

    maxima = [maximum_cores(run, thinned(samples, interval)) for interval in (10, 100, 1000)]
    assert max(maxima) < 1.03 * unevenness * min(maxima)
    assert maxima[0] == pytest.approx(max(seconds_of(busy)), rel=0.03)


def seconds_of(samples: list[Sample]) -> list[float]:
    """Return the cores that were busy in every second that begins with a sample."""
    return [
        (later.cpu_usage_usec - one.cpu_usage_usec) * NS_PER_USEC / (later.at_ns - one.at_ns)
        for one in samples
        for later in [next((s for s in samples if s.at_ns >= one.at_ns + NS_PER_SECOND), None)]
        if later is not None
    ]


def thinned(samples: list[Sample], interval_ms: int) -> tuple[Sample, ...]:
    """Return the first sample of each interval, and the last."""
    firsts: dict[int, Sample] = {}
    for one in samples:
        firsts.setdefault((one.at_ns - samples[0].at_ns) // (interval_ms * NS_PER_MS), one)
    return (*firsts.values(), samples[-1])


def maximum_cores(run: Run, samples: tuple[Sample, ...]) -> float:
    maximum = size_run(replace(run, samples=samples)).summary.cpu_maximum_cores
    assert maximum is not None
    return maximum
