"""The rows of one batch: what to show of them, which, and in what order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from mnist.digits import Outcome, Reason
from mnist.errors import IntegrityError
from mnist.keys import ObjectVersion
from mnist.storage.results import Results
from mnist.tables import to_parquet

_SHOWN = ("key", "etag", "bytes", "digit", "confidence", "margin", "detail")


class Decision(StrEnum):
    """What an outcome means for the person who uses it."""

    ACCEPTED = "accepted"
    REVIEW = "for review"
    REJECTED = "rejected"


class Order(StrEnum):
    """Orders in which rows can be looked at."""

    DOUBTFUL = "least sure first"
    SURE = "most sure first"
    NAME = "by name"


@dataclass(frozen=True)
class RowFilter:
    """Which rows to keep; an empty field keeps all.

    Attributes:
        decisions: Kinds of outcome.
        digits: Digits read.
        confidence: Lowest and highest confidence, each 0-1. The full range keeps rejected rows.
        remarks: Reasons of rejection and warnings.
        name: Text that the key contains, in any case.
    """

    decisions: tuple[Decision, ...] = ()
    digits: tuple[int, ...] = ()
    confidence: tuple[float, float] = (0.0, 1.0)
    remarks: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class BatchRows:
    """The rows of a batch twice over, in the same order.

    Attributes:
        table: As they were recorded, with the schema `mnist.tables.ROWS`.
        frame: What a person looks at; its index is the position in the table. Times are UTC.
    """

    table: pa.Table
    frame: pd.DataFrame


def batch_rows(results: Results, batch: str) -> BatchRows:
    """Load the rows of a batch, one per object version.

    Raises:
        IntegrityError: If a part is not the Parquet file it should be.
        Unavailable: If the store does not answer.
        AccessDenied: If it refuses the credentials.
    """
    try:
        table = results.rows(batch)
    except pa.ArrowException as error:
        raise IntegrityError(
            f"A part of batch {batch!r} cannot be read ({error}); restore the results bucket from "
            "a backup, or delete that part and let the next sweep score its images again."
        ) from error
    return BatchRows(table, _frame(table))


def matching(frame: pd.DataFrame, wanted: RowFilter) -> pd.DataFrame:
    """Keep the rows that a person asked for."""
    keep = pd.Series(data=True, index=frame.index)
    if wanted.decisions:
        keep &= frame["decision"].isin(wanted.decisions)
    if wanted.digits:
        keep &= frame["digit"].isin(wanted.digits).astype(bool)
    low, high = wanted.confidence
    if (low, high) != (0.0, 1.0):
        keep &= frame["confidence"].between(low, high)
    if wanted.remarks:
        asked = set(wanted.remarks)
        keep &= np.array([not asked.isdisjoint(t.split(", ")) for t in frame["remarks"]], bool)
    if wanted.name:
        keep &= frame["key"].str.contains(wanted.name, case=False, regex=False)
    return frame[keep]


def ordered(frame: pd.DataFrame, order: Order) -> pd.DataFrame:
    """Sort rows; rejected ones, which have no confidence, count as the least sure."""
    if order is Order.NAME:
        return frame.sort_values("key")
    sure_first = order is Order.SURE
    return frame.sort_values(
        ["confidence", "key"],
        ascending=[not sure_first, True],
        na_position="last" if sure_first else "first",
    )


def remarks_in(frame: pd.DataFrame) -> list[str]:
    """Name every reason and warning that occurs."""
    found = frame["remarks"][frame["remarks"] != ""].str.split(", ").explode()
    return sorted(found.unique())


def explained(reason: str) -> str:
    """Say a reason of rejection in a sentence; codes of other releases have none."""
    return Reason(reason).sentence if reason in set(Reason) else ""


def scored_when(frame: pd.DataFrame) -> str:
    """Say when rows were recorded, and how many a second if that took at least a second."""
    first, last = frame["scored_at"].min(), frame["scored_at"].max()
    seconds = (last - first).total_seconds()
    if seconds < 1:
        return f"recorded {last:%Y-%m-%d %H:%M:%S} UTC"
    rate = f", {len(frame) / seconds:,.0f} images a second" if len(frame) >= seconds else ""
    return f"recorded {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC{rate}"


def page_count(rows: int, size: int) -> int:
    """Count the pages that so many rows fill; nothing fills one empty page."""
    return max(1, math.ceil(rows / size))


def page_of(frame: pd.DataFrame, number: int, size: int) -> pd.DataFrame:
    """Cut out one page, counted from 1."""
    return frame.iloc[(number - 1) * size : number * size]


def versions_of(frame: pd.DataFrame) -> tuple[ObjectVersion, ...]:
    """Name the object versions behind some rows, in order."""
    columns = (frame[name] for name in ("key", "etag", "bytes"))
    return tuple(ObjectVersion(*values) for values in zip(*columns, strict=True))


def as_parquet(rows: BatchRows, chosen: pd.DataFrame) -> bytes:
    """Write the chosen rows as Parquet, every column as recorded."""
    return to_parquet(rows.table.take(pa.array(chosen.index)))


def as_csv(rows: BatchRows, chosen: pd.DataFrame) -> bytes:
    """Write the chosen rows as CSV in UTF-8, identities in hexadecimal."""
    table = rows.table.take(pa.array(chosen.index))
    texts = {
        "identity": pa.array(map(bytes.hex, table["identity"].to_pylist()), pa.string()),
        "warnings": pc.binary_join(table["warnings"], " "),
    }
    for name, column in texts.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink)
    return bytes(sink.getvalue())


def _frame(table: pa.Table) -> pd.DataFrame:
    shown = table.select(_SHOWN)
    warnings = pc.binary_join(table["warnings"], ", ")
    remarks = pc.if_else(pc.is_valid(table["reason"]), table["reason"], warnings)
    decision = pc.case_when(
        pc.make_struct(pc.equal(table["outcome"], Outcome.REJECTED), table["accepted"]),
        str(Decision.REJECTED),
        str(Decision.ACCEPTED),
        str(Decision.REVIEW),
    )
    model = pc.binary_join_element_wise(table["model_name"], table["model_version"], " ")
    scored_at = table["scored_at"].cast(pa.timestamp("us"))
    for name, column in (
        ("decision", decision),
        ("remarks", remarks),
        ("model", model),
        ("scored_at", scored_at),
    ):
        shown = shown.append_column(name, column)
    frame: pd.DataFrame = shown.to_pandas()
    return frame.astype({"digit": "Int8"})
