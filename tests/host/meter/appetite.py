"""Programs of known appetite, executed stage by stage in a cgroup of their own."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from cpost.meter.parent_cgroup import ParentCgroup

MIB = 1 << 20

LIBRARY = f"""
import ctypes, mmap, os, resource, sys, time
MIB = {MIB}
held = []

def anonymous(mib):
    block = mmap.mmap(-1, mib * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for page in range(0, mib * MIB, 4096):
        block[page] = 1
    held.append(block)
    return block

def write_file(path, mib):
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(bytes(MIB))

def lock(block):
    start = ctypes.addressof(ctypes.c_char.from_buffer(block))
    if ctypes.CDLL(None).mlock(ctypes.c_void_p(start), ctypes.c_size_t(len(block))):
        raise OSError("mlock")

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def used_usec():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((time.process_time() + children.ru_utime + children.ru_stime) * 1e6)

def stage(says="done"):
    print(says, flush=True)
    if not sys.stdin.readline():
        sys.exit()
"""


class Appetite:
    """A program in ``cgroup``; each ``next`` lets it go on to its next call of ``stage``."""

    def __init__(self, cgroup: ParentCgroup, program: str) -> None:
        # It waits for a line before it becomes the program, so that all it uses is counted.
        self.process = subprocess.Popen(
            ["sh", "-c", 'read -r _ && exec "$@"', "sh", sys.executable, "-c", LIBRARY + program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        cgroup.add(self.process.pid)

    def next(self) -> str:
        """Let it go on; return what it says, empty when it has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def finish(self) -> int:
        """Let it come to its end; return its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.close()
        return self.process.wait()

    def __enter__(self) -> Appetite:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        with self.process:
            pass
