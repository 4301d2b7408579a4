"""The rows of one batch: which, in what order, as files; and what its receipt adds up to."""

import io
import re
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard.components.batch_rows import BatchRows, Decision
from mnist.digits import Outcome
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.keys import ObjectVersion
from mnist.scoring.receipts import Receipt
from mnist.spreadsheets import to_csv
from mnist.storage.inbox import Inbox
from mnist.tables import to_parquet

MAX_IMAGES = 1_000
MAX_BYTES = 50_000_000
_THREADS = 8
_UNSAFE = re.compile(r"[^\w.=-]+")


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
        digits: Predicted digits.
        confidence: Lowest and highest confidence, each 0-1. The full range keeps rejected rows.
        remarks: Reasons of rejection and warnings.
        name: Text that the key contains, in any case.
    """

    decisions: tuple[Decision, ...] = ()
    digits: tuple[int, ...] = ()
    confidence: tuple[float, float] = (0.0, 1.0)
    remarks: tuple[str, ...] = ()
    name: str = ""


def matching(frame: pd.DataFrame, row_filter: RowFilter) -> pd.DataFrame:
    """Keep the rows that the filter describes."""
    keep = pd.Series(data=True, index=frame.index)
    if row_filter.decisions:
        keep &= frame["decision"].isin(row_filter.decisions)
    if row_filter.digits:
        keep &= frame["digit"].isin(row_filter.digits).astype(bool)
    low, high = row_filter.confidence
    if (low, high) != (0.0, 1.0):
        keep &= frame["confidence"].between(low, high)
    if row_filter.remarks:
        remarks = set(row_filter.remarks)
        keep &= np.array([not remarks.isdisjoint(t.split(", ")) for t in frame["remarks"]], bool)
    if row_filter.name:
        keep &= frame["key"].str.contains(row_filter.name, case=False, regex=False)
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
    remarks = frame["remarks"][frame["remarks"] != ""].str.split(", ").explode()
    return sorted(remarks.unique())


def scored_when(frame: pd.DataFrame) -> str:
    """Say when rows were recorded, and how many a second if that took at least a second."""
    first, last = frame["scored_at"].min(), frame["scored_at"].max()
    seconds = (last - first).total_seconds()
    if seconds < 1:
        return f"recorded {last:%Y-%m-%d %H:%M:%S} UTC"
    rate = f", {len(frame) / seconds:,.0f} images a second" if len(frame) >= seconds else ""
    return f"recorded {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC{rate}"


def is_behind(receipt: Receipt, part_keys: Sequence[str]) -> bool:
    """Tell whether rows were recorded that the newest receipt does not list yet."""
    return not {part.key for part in receipt.parts}.issuperset(part_keys)


def balance(receipt: Receipt) -> str:
    """Write the sum that a receipt proves: listed = scored + rejected + … ."""
    outcomes = [
        f"{receipt.outcomes.get(outcome, 0):,} {outcome}"
        for outcome in Outcome
        if receipt.outcomes.get(outcome) or outcome in {Outcome.SCORED, Outcome.REJECTED}
    ]
    if receipt.missing:
        outcomes.append(f"{receipt.missing:,} without an outcome")
    return f"{receipt.listing.count:,} listed = {' + '.join(outcomes)}"


def as_parquet(rows: BatchRows, selection: pd.DataFrame) -> bytes:
    """Write selected rows as Parquet, every column as recorded."""
    return to_parquet(rows.table.take(pa.array(selection.index)))


def as_csv(rows: BatchRows, selection: pd.DataFrame, more: pd.DataFrame) -> bytes:
    """Write selected rows as CSV, identities in hexadecimal, with columns of text after them."""
    table = rows.table.take(pa.array(selection.index))
    for name in more:
        table = table.append_column(name, pa.array(more[name], pa.string()))
    return to_csv(table)


def first_within_bounds(versions: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    """Take the first images that come to at most 1,000 files and 50 MB."""
    totals = accumulate(version.size for version in versions[:MAX_IMAGES])
    return [version for version, total in zip(versions, totals, strict=False) if total <= MAX_BYTES]


def as_zip(inbox: Inbox, versions: Sequence[ObjectVersion]) -> bytes:
    """Pack exactly these object versions, with a list of names and of what is no longer there.

    Names in the archive are made of letters, digits and dots alone: a key may be anything, and
    some would be unpacked outside the folder.
    """
    file = io.BytesIO()
    lines = ["name\tkey"]
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        contents = pool.map(lambda version: _content(inbox, version), versions)
        for number, (version, content) in enumerate(zip(versions, contents, strict=True)):
            name = "" if content is None else _name(number, version.key)
            if content is not None:
                archive.writestr(name, content)
            lines.append(f"{name or 'gone'}\t{version.key!r}")
        archive.writestr("names.tsv", "\n".join(lines) + "\n")
    return file.getvalue()


def _content(inbox: Inbox, version: ObjectVersion) -> bytes | None:
    try:
        return inbox.fetch(version)
    except (ObjectGone, ObjectChanged, AccessDenied):
        return None


def _name(number: int, key: str) -> str:
    safe = _UNSAFE.sub("_", key.rpartition("/")[2]).lstrip(".")[-80:]
    return f"{number:04d}-{safe or 'image'}"
