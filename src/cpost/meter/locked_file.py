"""How much file memory is locked, which no counter of the kernel tells by itself."""

from __future__ import annotations


def locked_file_bytes(
    *, file: int, shmem: int, active_file: int, inactive_file: int, unevictable: int
) -> int:
    """Return the bytes of files that are held in memory by ``mlock`` and the like.

    ``unevictable`` cannot simply be added to the other counters: it counts pages by the list they
    are on, ``anon`` and ``shmem`` count them by kind, so locked anonymous and tmpfs memory is in
    both. What only ``unevictable`` tells of is file memory that is neither tmpfs nor on one of the
    two lists the kernel reclaims from. Pages on their way between lists would look locked too;
    the minimum keeps them out where nothing is locked at all, which is nearly always.
    """
    unlisted = file - shmem - active_file - inactive_file
    return min(unevictable, max(0, unlisted))
