"""The kernel's high-water mark of memory, read by somebody else than cpost.

The parent cgroups that cpost makes are watched from the moment they appear until they are removed:
the last reading, taken when the container has gone already, is the mark of its whole life.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

# Where a parent cgroup appears: cgroup v1, v2 with the driver cgroupfs, v2 with systemd's.
PLACES = (
    (Path("/sys/fs/cgroup/memory/cpost"), "memory.max_usage_in_bytes"),
    (Path("/sys/fs/cgroup/cpost"), "memory.peak"),
    (Path("/sys/fs/cgroup/cpost.slice"), "memory.peak"),
)
_CONTAINER = re.compile(r"[0-9a-f]{64}")
_PAUSE_S = 0.003


class KernelMarks:
    """Notes the marks of all that is executed while its ``with`` block lasts."""

    def __init__(self) -> None:
        self.bytes_by_container: dict[str, int] = {}
        self._open: dict[Path, int] = {}
        self._containers: dict[Path, str] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kernel marks", daemon=True)

    def __enter__(self) -> KernelMarks:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it; what was noted stays."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(_PAUSE_S):
            self._open_new()
            for folder, file in list(self._open.items()):
                self._read(folder, file)
        for file in self._open.values():
            os.close(file)

    def _open_new(self) -> None:
        for place, name in PLACES:
            with suppress(OSError), os.scandir(place) as entries:
                for entry in entries:
                    folder = Path(entry.path)
                    if entry.is_dir() and folder not in self._open:
                        self._open[folder] = os.open(folder / name, os.O_RDONLY)

    def _read(self, folder: Path, file: int) -> None:
        try:
            if folder not in self._containers:
                found = _CONTAINER.search(" ".join(os.listdir(folder)))  # noqa: PTH208  # quick
                if found is None:
                    return
                self._containers[folder] = found[0]
            self.bytes_by_container[self._containers[folder]] = int(os.pread(file, 64, 0))
        except OSError:  # it was removed: what was read last stays
            os.close(self._open.pop(folder))
