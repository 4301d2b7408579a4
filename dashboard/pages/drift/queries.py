"""Days and batches beside the reference: verdicts, measures, distributions, and what to look at."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from mnist.monitoring.answers import values_beside
from mnist.monitoring.drift import Verdict
from mnist.monitoring.measures import NUMBERS, SHARES
from mnist.monitoring.report import WHOLE_DAY

_BINS = 24
_DAY_ROW, _BATCH_ROW = "the day", "its batches"
_GRAVITY = [
    Verdict.TOO_FEW,
    Verdict.STEADY,
    Verdict.MIX_CHANGED,
    Verdict.WRITING_CHANGED,
    Verdict.SCANNER_CHANGED,
]
_MEASURES = {measure.name: measure for measure in (*NUMBERS, *SHARES)}


def days_of(findings: pd.DataFrame) -> list[str]:
    """List the days that were judged, the newest first."""
    return sorted({str(day) for day in findings["day"]}, reverse=True)


def verdicts(findings: pd.DataFrame) -> pd.DataFrame:
    """Give each day its verdict, and the gravest of its batches.

    Returns:
        Columns `day` (text), `scope` (the day, its batches), `verdict`, and `batches`: how many
        of them were found so.
    """
    lines = []
    judged = findings.drop_duplicates(["day", "batch"])
    for day, of_day in judged.groupby("day"):
        for scope, rows in (
            (_DAY_ROW, of_day[of_day["batch"] == WHOLE_DAY]),
            (_BATCH_ROW, of_day[of_day["batch"] != WHOLE_DAY]),
        ):
            if not rows.empty:
                gravest = max(rows["verdict"], key=_gravity)
                lines.append((str(day), scope, gravest, int((rows["verdict"] == gravest).sum())))
    return pd.DataFrame(lines, columns=["day", "scope", "verdict", "batches"])


def scopes(findings: pd.DataFrame, day: str) -> list[str]:
    """List what was judged of a day: the day as a whole, then its batches, the gravest first."""
    of_day = findings[findings["day"].astype(str) == day].drop_duplicates("batch")
    batches = of_day[of_day["batch"] != WHOLE_DAY]
    order = sorted(zip(batches["verdict"], batches["batch"], strict=True), key=_gravest_first)
    return [WHOLE_DAY, *(batch for _, batch in order)]


def measures(findings: pd.DataFrame, day: str, batch: str) -> pd.DataFrame:
    """List the measures of a day or of a batch of it, those that moved first.

    Returns:
        Columns `measure`, `moved`, `stability`, `then`, `now` and `speaks_of`.
    """
    of_scope = findings[(findings["day"].astype(str) == day) & (findings["batch"] == batch)]
    frame = of_scope[of_scope["measure"].notna()]
    frame = frame.assign(moved=frame["has_moved"].fillna(value=False).astype(bool))
    columns = ["measure", "moved", "stability", "then", "now", "speaks_of"]
    return frame.sort_values(["moved", "stability"], ascending=False, kind="stable")[
        columns
    ].reset_index(drop=True)


def history(findings: pd.DataFrame, batch: str, measure: str) -> pd.DataFrame:
    """Follow a measure over the days: columns `day` and `stability`."""
    rows = findings[(findings["batch"] == batch) & (findings["measure"] == measure)]
    return rows.assign(day=rows["day"].astype(str))[["day", "stability"]]


def distribution(reference: pa.Table, now: pa.Table, measure: str) -> pd.DataFrame:
    """Count how a measure is distributed in the reference and now.

    Args:
        reference: Rows with the columns of `mnist.monitoring.measures.COLUMNS`.
        now: The same.
        measure: Name of the measure.

    Returns:
        Columns `images` (reference, now), `low`, `high` (the bin) and `share` (0-1); empty where
        one side has no value.
    """
    then_side, now_side = values_beside(_MEASURES[measure], reference, now)
    sides = {"reference": then_side[0], "now": now_side[0]}
    columns = ["images", "low", "high", "share"]
    if not all(len(values) for values in sides.values()):
        return pd.DataFrame(columns=columns)
    everything = np.concatenate(list(sides.values()))
    is_class = _MEASURES[measure] in SHARES
    edges = (
        np.arange(int(everything.max()) + 2) - 0.5
        if is_class
        else np.histogram_bin_edges(everything, bins=_BINS)
    )
    lines = [
        (name, low, high, count / len(values))
        for name, values in sides.items()
        for low, high, count in zip(
            edges[:-1], edges[1:], np.histogram(values, edges)[0], strict=True
        )
    ]
    return pd.DataFrame(lines, columns=columns)


def of_day(frame: pd.DataFrame, day: str, count: int) -> pd.DataFrame:
    """Pick some rows of a batch that were scored on a day, always the same ones."""
    rows: pd.DataFrame = frame[frame["scored_at"].dt.date == date.fromisoformat(day)]
    return rows.sample(min(count, len(rows)), random_state=0).sort_index()


def joined(tables: Iterable[pa.Table]) -> pa.Table | None:
    """Put rows of several batches below each other; None if there are none."""
    rows = list(tables)
    return pa.concat_tables(rows, promote_options="default") if rows else None


def _gravity(verdict: str) -> int:
    return _GRAVITY.index(Verdict(verdict)) if verdict in set(_GRAVITY) else 0


def _gravest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -_gravity(pair[0]), pair[1]
