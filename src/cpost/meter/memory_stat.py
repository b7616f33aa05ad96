"""``memory.stat`` of either version: what can be taken back, and what the kernel cannot take back.

It is read from the container's own cgroup while that lives: since Linux 6.18 a parent's may tell
what was true up to two seconds ago.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from cpost.meter.counter_file import CounterFile, VanishedError
from cpost.meter.keyed_file import KeyedFile, keys_of
from cpost.meter.locked_file import locked_file_bytes


class MemoryParts(NamedTuple):
    """What one reading of ``memory.stat`` tells; ``swap_bytes`` None where it does not."""

    inactive_file_bytes: int
    hard_bytes: int
    swap_bytes: int | None = None


class MemoryStat(Protocol):
    """A ``memory.stat`` that is held open."""

    def read(self) -> MemoryParts:
        """Read it now; VanishedError, MeasureError."""
        ...


class WhileItLives:
    """Reads a container's ``own`` until it is gone with it, and ``otherwise`` from then on.

    ``own`` is None where it was gone before it could be opened.
    """

    def __init__(self, own: MemoryStat | None, otherwise: MemoryStat) -> None:
        self._own = own
        self._otherwise = otherwise

    def read(self) -> MemoryParts:
        """Read the one that is there; VanishedError where both are gone, MeasureError."""
        if self._own is not None:
            try:
                return self._own.read()
            except VanishedError:
                self._own = None
        return self._otherwise.read()


class MemoryStatV2:
    """Of version 2; MeasureError where a key is missing."""

    def __init__(self, file: CounterFile) -> None:
        keys = [b"anon", b"file", b"shmem", b"inactive_file", b"active_file", b"unevictable"]
        keys += [b"sock"]
        there = keys_of(file)
        self._has_kernel = b"kernel" in there  # Linux 5.18: all of it, per-CPU and vmalloc too
        if self._has_kernel:
            keys += [b"kernel", b"slab_reclaimable"]
        else:
            keys += [b"slab_unreclaimable", b"kernel_stack"]
            # pagetables: Linux 5.11, percpu: Linux 5.9
            keys += [key for key in (b"pagetables", b"percpu") if key in there]
        self._file = KeyedFile(file, keys)

    def read(self) -> MemoryParts:
        """Hard are anonymous, tmpfs, locked, the kernel's own, and sockets."""
        anon, file, shmem, inactive_file, active_file, unevictable, sock, *kernel = (
            self._file.read()
        )
        locked_file = locked_file_bytes(
            file=file,
            shmem=shmem,
            active_file=active_file,
            inactive_file=inactive_file,
            unevictable=unevictable,
        )
        kernels_own = max(0, kernel[0] - kernel[1]) if self._has_kernel else sum(kernel)
        return MemoryParts(inactive_file, anon + shmem + locked_file + kernels_own + sock)


class MemoryStatV1:
    """Of version 1, children included; MeasureError where a key is missing.

    ``kernel`` tells the kernel's own memory, with the part of it that could be taken back; None
    where the kernel does not account it.
    """

    def __init__(self, file: CounterFile, kernel: CounterFile | None) -> None:
        keys = [b"total_rss", b"total_cache", b"total_shmem"]
        keys += [b"total_inactive_file", b"total_active_file", b"total_unevictable"]
        if b"total_swap" in keys_of(file):  # only where swap is accounted
            keys += [b"total_swap"]
        self._file = KeyedFile(file, keys)
        self._kernel = kernel

    def read(self) -> MemoryParts:
        """Hard are anonymous, tmpfs, locked, and all of the kernel's own."""
        rss, cache, shmem, inactive_file, active_file, unevictable, *swap = self._file.read()
        locked_file = locked_file_bytes(
            file=cache,
            shmem=shmem,
            active_file=active_file,
            inactive_file=inactive_file,
            unevictable=unevictable,
        )
        kernel = self._kernel.number() if self._kernel is not None else 0
        return MemoryParts(
            inactive_file, rss + shmem + locked_file + kernel, swap[0] if swap else None
        )
