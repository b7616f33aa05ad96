"""Whether memory went higher than any sample saw, and by how much."""

from __future__ import annotations

from cpost.record.run import Run
from cpost.sizing.usage import Usage

# The tool that starts a container executes in its cgroup, before the first sample: 4 to 7 MB.
# The kernel counts in portions of some pages a core besides.
_STARTING_BYTES = 8_000_000

# A peak just behind the last sample of memory that grows steadily is no spike, and sizing from
# the samples would be wrong by less than any margin.
_NOTABLE_SHARE = 0.05


def unseen_spike_bytes(run: Run, used: Usage) -> int | None:
    """Return by how much the kernel's peak exceeds every sample, files aside; 0: it does not.

    File memory may have been higher between two samples than at both: files are written, and
    their memory is given back. As much as it is seen to grow from one sample to the next is taken
    to be that. None where the kernel tells no peak, or no sample tells what of it is hard.
    """
    peak_bytes = run.result.totals.memory_peak_bytes
    highest_bytes = used.memory_maximum_bytes
    files_bytes = used.file_growth_maximum_bytes
    if peak_bytes is None or highest_bytes is None or files_bytes is None:
        return None
    starting_bytes = max(_STARTING_BYTES, run.result.start_up.memory_peak_bytes or 0)
    unseen_bytes = peak_bytes - highest_bytes - files_bytes
    return unseen_bytes if unseen_bytes > max(starting_bytes, _NOTABLE_SHARE * peak_bytes) else 0
