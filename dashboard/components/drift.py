"""What `monitor` found on several days, joined, and which of it is an alarm."""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

from mnist.monitoring.drift import Verdict
from mnist.monitoring.report import WHOLE_DAY

_COLUMNS = ["day", "batch", "verdict", "measure", "stability", "has_moved"]
_SINCE_LATER = ["speaks_of", "then", "now", "causes"]
"""Columns that reports of the first release lack."""

REPORTS_SHOWN = 60
"""Reports that pages look at, the newest."""

_NO_ALARM = frozenset({Verdict.STEADY, Verdict.TOO_FEW})


def findings(reports: Iterable[pa.Table]) -> pd.DataFrame:
    """Join what `monitor` found on several days; tables that are no reports are left out.

    Returns:
        Columns `day`, `batch` (empty for the day as a whole), `verdict`, `measure`, `stability`
        (population stability index), `has_moved`, `speaks_of`, `then` and `now` (means in the
        reference and on the day) and `causes` (a list of codes), the earliest day first.
    """
    columns = [*_COLUMNS, *_SINCE_LATER]
    tables = [
        r.select([name for name in columns if name in r.column_names])
        for r in reports
        if {*_COLUMNS} <= {*r.column_names}
    ]
    if not tables:
        return pd.DataFrame(columns=columns)
    frame: pd.DataFrame = pa.concat_tables(tables, promote_options="default").to_pandas()
    frame = frame.reindex(columns=columns)
    frame = frame.drop_duplicates(["day", "batch", "measure"], keep="last")
    return frame.sort_values("day", kind="stable", ignore_index=True)


def alarms(frame: pd.DataFrame) -> pd.DataFrame:
    """List the days and batches that were found changed: `day`, `batch`, `verdict`, newest first.

    A batch counts by itself: a day may be steady as a whole although one of its batches is not.
    """
    changed = frame[~frame["verdict"].isin(_NO_ALARM)][["day", "batch", "verdict"]]
    return changed.drop_duplicates().iloc[::-1].reset_index(drop=True)


def sentence_of(alarm: pd.Series) -> str:
    """Say an alarm in a few words."""
    of = f", batch {alarm['batch']}" if alarm["batch"] != WHOLE_DAY else ""
    return f"{alarm['day']}{of}: {str(alarm['verdict']).replace('-', ' ')}"
