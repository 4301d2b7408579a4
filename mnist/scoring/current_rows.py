"""The rows that count now: one for each object that a receipt found in the inbox."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mnist.scoring.identities import Identities, identity_column
from mnist.scoring.receipts import Receipt
from mnist.scoring.tally import TALLY_COLUMNS, Tally
from mnist.tables import PLACE_FIELDS, PROBABILITY_COLUMNS, ROWS

CURRENT_ROWS = pa.schema(
    ROWS.field(name)
    for name in (
        "batch",
        "key",
        "etag",
        "bytes",
        "outcome",
        "digit",
        "confidence",
        "accepted",
        "reason",
        "detail",
        "warnings",
        "metadata",
        "model_name",
        "model_version",
        "margin",
        "ood_score",
        *PROBABILITY_COLUMNS,
        "width",
        "height",
        "sha256",
        "scored_at",
        *(field.name for field in PLACE_FIELDS),
    )
)
"""Columns of the rows that count now; they mean what they mean in `mnist.tables.ROWS`."""

_PIECE = 50_000
"""Rows that are in memory at once, and the largest batch whose rows are all in one order."""

ReadParts = Callable[[Sequence[str] | None], Iterable[pa.Table]]
"""Reads the parts that a receipt names, in its order: these columns of each, or all."""


def current_rows(receipt: Receipt, read: ReadParts) -> Iterator[pa.Table]:
    """Yield the rows that count and whose object version the receipt has listed.

    A row whose object was overwritten or deleted before the receipt was written is left out, and of
    several rows for one object version all but the one that every reader lets count.

    Args:
        receipt: What says which these are.
        read: Called once, or twice where the receipt knows of rows that do not count.

    Yields:
        Tables of schema CURRENT_ROWS, with up to so many rows as two parts have and 50,000; in
        each they are in the order of their keys.
    """
    unlisted = Identities.of(version.identity for version in receipt.unlisted)
    masks = iter(_masks(read) if receipt.duplicate_rows else ())
    held: list[pa.Table] = []
    for rows in read(None):
        counts = ~unlisted.has(identity_column(rows))
        if receipt.duplicate_rows and rows.num_rows:
            counts &= next(masks)
        held.append(_with_all_columns(rows.filter(pa.array(counts))))
        if sum(table.num_rows for table in held) >= _PIECE:
            yield _in_order(held)
            held = []
    if held:
        yield _in_order(held)


def _masks(read: ReadParts) -> list[NDArray[np.bool_]]:
    tally = Tally()
    for rows in read(TALLY_COLUMNS):
        tally.add(rows)
    return tally.masks()


def _with_all_columns(rows: pa.Table) -> pa.Table:
    """Bring rows of any age to the schema; columns that they lack are null."""
    names = set(rows.column_names)
    columns = [
        rows[field.name].cast(field.type)
        if field.name in names
        else pa.nulls(rows.num_rows, field.type)
        for field in CURRENT_ROWS
    ]
    return pa.Table.from_arrays(columns, schema=CURRENT_ROWS)


def _in_order(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).sort_by([("key", "ascending"), ("etag", "ascending")])
