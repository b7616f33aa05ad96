"""Stored samples as a data frame, for notebooks; nothing else in cpost loads pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpost.record.run import Run
from cpost.record.sample_rows import COLUMNS

if TYPE_CHECKING:
    import pandas as pd


def samples_frame(run: Run) -> pd.DataFrame:
    """Return the samples of ``run``, one a row, with the raw fields of ``Sample`` as columns.

    All columns are nullable integers (``Int64``): a counter that was not measured is ``<NA>``,
    not 0. Needs pandas: ``pip install 'cpost[frames]'``. Raises RecordError where the stored
    samples are damaged.
    """
    import pandas as pd  # noqa: PLC0415  # 320 ms, and profiling needs none of it

    samples = list(run.samples)
    return pd.DataFrame(
        {name: pd.array([getattr(one, name) for one in samples], "Int64") for name in COLUMNS}
    )
