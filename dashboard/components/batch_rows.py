"""The rows of one batch, as recorded and as people look at them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mnist.digits import ImageWarning, Outcome, Reason
from mnist.errors import IntegrityError
from mnist.keys import ObjectVersion
from mnist.reviews.annotation import MOST_IMAGES
from mnist.reviews.content import ImageContent
from mnist.storage.results import Results
from mnist.tables import ROWS

_SHOWN = ("key", "etag", "bytes", "sha256", "digit", "confidence", "margin", "detail")


class Decision(StrEnum):
    """What an outcome means for the person who uses it."""

    ACCEPTED = "accepted"
    REVIEW = "for review"
    REJECTED = "rejected"
    EMPTY = "empty"
    NOT_A_DIGIT = "not a digit"


DECISION_OF = {
    Outcome.REJECTED: Decision.REJECTED,
    Outcome.EMPTY: Decision.EMPTY,
    Outcome.NOT_A_DIGIT: Decision.NOT_A_DIGIT,
}
"""What every row of an outcome means; of the scored ones only the accepted need no look."""


@dataclass(frozen=True)
class BatchRows:
    """The rows of a batch twice over, in the same order.

    Attributes:
        table: As they were recorded, with the schema `mnist.tables.ROWS`.
        frame: What a person looks at; its index is the position in the table. Times are UTC. The
            column `value` has what was predicted as text, a digit or a value of several, and
            `confidence` is that of either.
    """

    table: pa.Table
    frame: pd.DataFrame


def batch_rows(results: Results, batch: str) -> BatchRows:
    """Fetch the rows of a batch, one per object version.

    Raises:
        IntegrityError: If a part is not the Parquet file it should be.
    """
    try:
        table = results.rows(batch)
    except pa.ArrowException as error:
        raise IntegrityError(
            f"A part of batch {batch!r} cannot be read ({error}); restore the results bucket from "
            "a backup, or delete that part and let the next sweep score its images again."
        ) from error
    return BatchRows(table, _frame(table))


def marks_of(rows: BatchRows, position: int) -> list[dict[str, Any]]:
    """Return the digits of the value in one row, from left to right; none if it has no value."""
    if "marks" not in rows.table.column_names:
        return []
    return rows.table["marks"][position].as_py() or []


def remark_sentence(remark: str) -> str:
    """Say a reason of rejection or a warning in a sentence; codes of other releases have none."""
    return next((r.sentence for kind in (Reason, ImageWarning) for r in kind if r == remark), "")


def remark_sentences(remarks: str) -> list[tuple[str, str]]:
    """Split what the column `remarks` holds into codes, each with its sentence."""
    return [(remark, remark_sentence(remark)) for remark in remarks.split(", ") if remark]


def versions_of(frame: pd.DataFrame) -> tuple[ObjectVersion, ...]:
    """Name the object versions behind some rows, in order."""
    columns = (frame[name] for name in ("key", "etag", "bytes"))
    return tuple(ObjectVersion(*values) for values in zip(*columns, strict=True))


def contents_of(frame: pd.DataFrame) -> list[ImageContent]:
    """Name the images of the first rows, up to 500, of which somebody has fetched the content."""
    images = frame[frame["sha256"].notna()].head(MOST_IMAGES)
    return [
        ImageContent(sha256=sha256, key=version.key, etag=version.etag, size=version.size)
        for sha256, version in zip(images["sha256"], versions_of(images), strict=True)
    ]


def _frame(table: pa.Table) -> pd.DataFrame:
    places = {name: _column(table, name) for name in ("value", "value_confidence")}
    selected = table.select(_SHOWN)
    sure = pc.coalesce(table["confidence"], places["value_confidence"])
    selected = selected.set_column(_SHOWN.index("confidence"), "confidence", sure)
    warnings = pc.binary_join(table["warnings"], ", ")
    remarks = pc.if_else(pc.is_valid(table["reason"]), table["reason"], warnings)
    decision = pc.case_when(
        pc.make_struct(
            *(pc.equal(table["outcome"], outcome) for outcome in DECISION_OF), table["accepted"]
        ),
        *map(str, DECISION_OF.values()),
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
        ("value", pc.coalesce(places["value"], table["digit"].cast(pa.string()))),
        ("check", _column(table, "check")),
    ):
        selected = selected.append_column(name, column)
    frame: pd.DataFrame = selected.to_pandas()
    return frame.astype({"digit": "Int8"})


def _column(table: pa.Table, name: str) -> pa.ChunkedArray | pa.Array:
    """Take a column, which rows from before it existed lack."""
    if name in table.column_names:
        return table[name]
    return pa.nulls(table.num_rows, ROWS.field(name).type)
