"""A program of known appetite: it says, as its last line and in JSON, what it really used.

Executed in containers by whatever Python 3 their image has, so it needs nothing but that.

    burn SECONDS THREADS    CPU seconds, in so many threads at once
    storm CHILDREN          one child after the other, of 10 ms of CPU each
    hold ANON CACHE TMPFS   MiB, for two seconds
    spike MIB MS            memory that is there for so many milliseconds, somewhere in two seconds
    work ROUNDS             a fixed amount of work; says how long it took
    idle SECONDS
    warm MIB                until it is killed: keeps so much free memory at hand for others
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import random
import resource
import sys
import threading
import time
from collections.abc import Callable

MIB = 1 << 20
HOLD_S = 2.0
CHILD_S = 0.01
# When warm memory is given back: at every multiple of this by the clock that all containers share
# with their host. No watcher's rhythm: it divides neither a second nor a tenth.
WARM_CYCLE_S = 0.53
WARM_PAUSE_S = 0.2
GIVEN_BACK_S = 0.01
# Before a spike, so that every watcher had the time to begin; after it comes a random part of a
# second, so that no watcher's rhythm is met or missed each time.
BEFORE_SPIKE_S = 1.5
AFTER_SPIKE_S = 0.7
_POPULATE_WRITE = 23  # madvise(2), Linux 5.14: all pages at once
_BLOCK = bytes(1 << 16)


def burn(seconds: float, threads: int) -> dict[str, int]:
    """Use so many CPU seconds; hashing lets go of Python's lock, so threads really go at once."""

    def share() -> None:
        while time.thread_time() < seconds / threads:
            for _ in range(16):
                hashlib.sha256(_BLOCK)

    workers = [threading.Thread(target=share) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"cpu_usec": used_usec()}


def storm(children: int) -> dict[str, int]:
    """Fork children that live for little more than the 10 ms of CPU they use."""
    for _ in range(children):
        child = os.fork()
        if child == 0:
            while time.process_time() < CHILD_S:
                pass
            os._exit(0)
        os.waitpid(child, 0)
    return {"cpu_usec": used_usec()}


def hold(anon_mib: int, cache_mib: int, tmpfs_mib: int) -> dict[str, int]:
    """Hold memory of three kinds; page cache is all the kernel can take back."""
    filled = fill(anon_mib * MIB) if anon_mib else None
    if tmpfs_mib:
        # A file on the kernel's own tmpfs: /dev/shm ends at 64 MiB in most containers.
        write(os.memfd_create("appetite"), tmpfs_mib)
    if cache_mib:
        write(os.open("/var/tmp/appetite", os.O_RDWR | os.O_CREAT), cache_mib)
    time.sleep(HOLD_S)
    del filled
    return {"hard_bytes": (anon_mib + tmpfs_mib) * MIB, "cache_bytes": cache_mib * MIB}


def spike(mib: int, milliseconds: int) -> dict[str, int]:
    """Hold memory for a moment; filling it takes its time too, so say how long it was in all."""
    time.sleep(BEFORE_SPIKE_S + random.random())
    sleep_until_warm()
    time.sleep(GIVEN_BACK_S)
    began = time.monotonic()
    filled = fill(mib * MIB)
    time.sleep(milliseconds / 1000)
    filled.close()
    lasted = time.monotonic() - began
    time.sleep(AFTER_SPIKE_S)
    return {"spike_bytes": mib * MIB, "lasted_usec": int(lasted * 1e6)}


def work(rounds: int) -> dict[str, int]:
    """Do the same work whoever watches."""
    began = time.monotonic_ns()
    total = 0
    for number in range(rounds * 100_000):
        total += number & 7
    return {"work_ns": time.monotonic_ns() - began}


def idle(seconds: float) -> dict[str, int]:
    """Use nothing."""
    time.sleep(seconds)
    return {}


def warm(mib: int) -> dict[str, int]:
    """Take memory and give it back, again and again.

    In a virtual machine memory that nobody used lately must first be had from its host: 200 MiB
    took over a second then, and 20 ms where somebody had just given them back.
    """
    while True:
        filled = fill(mib * MIB)
        sleep_until_warm()
        filled.close()
        time.sleep(WARM_PAUSE_S)


def sleep_until_warm() -> None:
    """Sleep until the next moment at which warm memory is given back."""
    time.sleep(WARM_CYCLE_S - time.monotonic() % WARM_CYCLE_S)


def fill(size: int) -> mmap.mmap:
    """Return memory of which every page is there."""
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(AttributeError, OSError):
        block.madvise(mmap.MADV_HUGEPAGE)  # which fills ten times as quickly
    try:
        block.madvise(_POPULATE_WRITE)
    except OSError:
        for page in range(0, size, mmap.PAGESIZE):
            block[page] = 1
    return block


def write(file: int, mib: int) -> None:
    """Write so much to an open file."""
    for _ in range(mib):
        os.write(file, bytes(MIB))


def used_usec() -> int:
    """CPU time of this process and of the children it has waited for, by its own account."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int(sum(one.ru_utime + one.ru_stime for one in (own, children)) * 1e6)


APPETITES: dict[str, Callable[..., dict[str, int]]] = {
    one.__name__: one for one in (burn, storm, hold, spike, work, idle, warm)
}

if __name__ == "__main__":
    numbers = [float(word) if "." in word else int(word) for word in sys.argv[2:]]
    print(json.dumps(APPETITES[sys.argv[1]](*numbers)), flush=True)
