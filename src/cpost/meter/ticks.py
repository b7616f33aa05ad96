"""The unit in which the kernel tells CPU time in its older files."""

from __future__ import annotations

import os

from cpost.units import USEC_PER_SECOND

# Clock ticks as programs see them: 100 a second nearly everywhere.
USEC_PER_TICK = USEC_PER_SECOND // os.sysconf("SC_CLK_TCK")
