"""What one sample costs, file by file and as a whole, on this machine.

    .venv/bin/python benchmarks/sample_cost.py [SAMPLES]

Makes a cgroup (so it wants root, or a cgroup tree that this user may write to), puts a process
into it that holds 64 MiB, and reads it as cpost does while profiling. Times are in microseconds.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cpost.engine.owner import Owner
from cpost.meter.attach import attach
from cpost.meter.cgroup_host import cgroup_host
from cpost.meter.clock import SystemClock
from cpost.meter.counter_file import CounterFile
from cpost.meter.parent_cgroup import parent_cgroup, parent_cgroup_refusal
from cpost.meter.process_tree import ProcessTreeReader
from cpost.meter.target import Target

HOLD = (
    "import sys; sys.stdin.readline(); held = bytearray(b'x' * (64 << 20));"
    "print(flush=True); sys.stdin.read()"
)
V1_FILES = {
    "cpuacct": "cpuacct.usage cpuacct.stat",
    "memory": "memory.usage_in_bytes memory.max_usage_in_bytes memory.stat "
    "memory.kmem.usage_in_bytes memory.oom_control memory.failcnt",
    "pids": "pids.current",
    "blkio": "blkio.throttle.io_service_bytes_recursive",
    "cpu": "cpu.stat",
}
V2_FILES = {
    "unified": "cpu.stat memory.current memory.peak memory.stat memory.events pids.current io.stat "
    "memory.max cpu.max cpu.pressure memory.pressure io.pressure memory.swap.current"
}


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    host = cgroup_host()
    refusal = parent_cgroup_refusal(driver="cgroupfs", host=host)
    token = f"{Owner.current('benchmark').token}n1"
    cgroup = parent_cgroup(token, driver="cgroupfs", host=host)
    if cgroup is None or host.version is None:
        print(f"no cgroup can be made here: {refusal}")
        return 5
    print(f"Linux {platform.release()}, cgroup v{host.version}, Python {platform.python_version()}")
    print(f"{count} readings each; microseconds    p50     p99")
    cgroup.make()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            cgroup.add(process.pid)
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
            directories = cgroup.directories()
            for controller, names in (V2_FILES if host.version == 2 else V1_FILES).items():
                for name in names.split():
                    show_file(directories[controller] / name, count)
            target = Target(process.pid, parent_cgroup=cgroup.path, process_tree=True)
            with attach(target, host, SystemClock()) as reader:
                show(f"one sample ({reader.rung.value})", reader.sample, count)
                show("all of it, as once a second", reader.totals, max(1, count // 20))
            tree = ProcessTreeReader(process.pid, SystemClock())
            show("one sample (process tree)", tree.totals, max(1, count // 20))
            process.stdin.close()
    finally:
        cgroup.kill()
        cgroup.remove()
    return 0


def show_file(path: Path, count: int) -> None:
    if path.exists():
        file = CounterFile(path)
        show(f"  {path.name}", file.read, count)
        file.close()


def show(what: str, read: Callable[[], object], count: int) -> None:
    took_ns = []
    for _ in range(count):
        began_ns = time.perf_counter_ns()
        read()
        took_ns.append(time.perf_counter_ns() - began_ns)
    took_ns.sort()
    p50, p99 = took_ns[count // 2] / 1000, took_ns[count * 99 // 100] / 1000
    print(f"{what:45} {p50:7.1f} {p99:7.1f}")


if __name__ == "__main__":
    sys.exit(main())
