"""The table of results: one row per object version, as Arrow in memory and Parquet in the store.

Only settled outcomes have a row. An object that was overwritten or deleted between listing and
fetching stands in the receipt of that run: it may come back, and is scored then.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mnist.digits import CLASSES, Outcome

BOX_COLUMNS = ("left", "top", "right", "bottom")

MARK = pa.struct(
    [
        pa.field("digit", pa.int8(), nullable=False),
        pa.field("probabilities", pa.list_(pa.float32()), nullable=False),
        *(pa.field(name, pa.int32(), nullable=False) for name in BOX_COLUMNS),
    ]
)
"""One digit of a value: its ten probabilities, and its box."""

PLACE_FIELDS = (
    pa.field("value", pa.string()),
    pa.field("value_confidence", pa.float32()),
    pa.field("check", pa.string()),
    *(pa.field(name, pa.int32()) for name in BOX_COLUMNS),
    pa.field("marks", pa.list_(MARK)),
)
"""Columns of what a layout cuts out of a picture; null in every other row.

`value` is text and keeps leading zeros, `value_confidence` the probability that all of it is right,
`check` is `passed`, `failed` or `none`. Boxes are in pixels of the upright picture, in which a side
above 3,072 pixels has been reduced to that; right and bottom lie outside.
"""

ROWS = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("etag", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("identity", pa.binary(16), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("attempts", pa.int8()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("digit", pa.int8()),
        pa.field("confidence", pa.float32()),
        pa.field("margin", pa.float32()),
        pa.field("ood_score", pa.float32()),
        *(pa.field(f"p{digit}", pa.float32()) for digit in range(CLASSES)),
        pa.field("warnings", pa.list_(pa.string()), nullable=False),
        pa.field("accepted", pa.bool_(), nullable=False),
        pa.field("pipeline", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("brightness", pa.float32()),
        pa.field("contrast", pa.float32()),
        pa.field("sharpness", pa.float32()),
        pa.field("coverage", pa.float32()),
        pa.field("ink", pa.float32()),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("model_digest", pa.string(), nullable=False),
        pa.field("preprocessing_digest", pa.string(), nullable=False),
        pa.field("batch", pa.string(), nullable=False),
        pa.field("chunk", pa.string(), nullable=False),
        pa.field("scored_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("metadata", pa.string()),
        *PLACE_FIELDS,
    ]
)
"""Columns of a part. `p0`…`p9` are the ten probabilities; null unless one digit was predicted.

`width`, `height`, `brightness`, `contrast`, `sharpness` and `coverage` are of the picture as it
came (`mnist.images.results.Source`), `ink` is the mean of the 28x28 pixels, 0-1. They are what
drift is seen by. `metadata` is what the owner of the object wrote beside it (`x-amz-meta-…`), as a
JSON object of texts; members of an archive have the archive's. Parts written before these columns
existed lack them; joined, they are null.
"""

_IS_REJECTED = "is rejected"

PROBABILITY_COLUMNS = tuple(f"p{digit}" for digit in range(CLASSES))


def to_parquet(table: pa.Table) -> bytes:
    """Encode a table as one Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def from_parquet(content: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Decode a Parquet file, or only some of its columns; those it lacks are left out."""
    file = pq.ParquetFile(pa.BufferReader(content))
    if columns is None:
        return file.read()
    return file.read([name for name in columns if name in file.schema_arrow.names])


def one_row_each(tables: Iterable[pa.Table]) -> pa.Table:
    """Join parts and keep one row per object version.

    Several rows for one object version come from two runs that did not see each other, or from
    rejects that were scored again. Any other row wins over a rejected one, then the row scored
    first, then the one of the lower chunk name, so that every reader keeps the same row.
    """
    parts = list(tables)
    if not parts:
        return ROWS.empty_table()
    joined = pa.concat_tables(parts, promote_options="default")
    if pc.count_distinct(joined["identity"]).as_py() == joined.num_rows:
        return joined
    keys = [
        ("identity", "ascending"),
        (_IS_REJECTED, "ascending"),
        ("scored_at", "ascending"),
        ("chunk", "ascending"),
    ]
    ranked = joined.append_column(
        _IS_REJECTED, pc.equal(joined["outcome"], Outcome.REJECTED.value).cast(pa.int8())
    )
    ordered = joined.take(pc.sort_indices(ranked, sort_keys=keys))
    identities = ordered["identity"].to_numpy(zero_copy_only=False)
    first = np.ones(len(identities), dtype=bool)
    first[1:] = identities[1:] != identities[:-1]
    return ordered.filter(pa.array(first))
