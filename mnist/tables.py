"""The table of results: one row per object version, as Arrow in memory and Parquet in the store.

Only settled outcomes have a row. An object that was overwritten or deleted between listing and
fetching stands in the receipt of that run: it may come back, and is scored then.
"""

import codecs
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from mnist.digits import CLASSES

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
        pa.field("ink", pa.float32()),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("model_digest", pa.string(), nullable=False),
        pa.field("preprocessing_digest", pa.string(), nullable=False),
        pa.field("batch", pa.string(), nullable=False),
        pa.field("chunk", pa.string(), nullable=False),
        pa.field("scored_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""Columns of a part. `p0`…`p9` are the ten probabilities; null unless the outcome is `scored`.

`width`, `height`, `brightness` and `contrast` are of the picture as it came
(`mnist.images.results.Source`), `ink` is the mean of the 28x28 pixels, 0-1. They are what drift is
seen by. Parts written before these columns existed lack them; joined, they are null.
"""

_FORMULA = r"^[=+\-@\t\r\n]"
"""How a text begins that Excel, LibreOffice or Google Sheets computes."""

PROBABILITY_COLUMNS = tuple(f"p{digit}" for digit in range(CLASSES))


def to_parquet(table: pa.Table) -> bytes:
    """Encode a table as one Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def to_csv(table: pa.Table) -> bytes:
    """Write a table as CSV that Excel opens right: UTF-8 with its mark, and no cell is a formula.

    Lists are joined by spaces and bytes are hexadecimal. A text that a spreadsheet would compute
    gets an apostrophe in front; who needs it as it is reads the Parquet file.
    """
    columns = [_as_cells(column) for column in table.columns]
    names = _without_formulas(pa.chunked_array([table.column_names], pa.string())).to_pylist()
    sink = pa.BufferOutputStream()
    sink.write(codecs.BOM_UTF8)
    csv.write_csv(pa.table(columns, names=names), sink)
    return bytes(sink.getvalue())


def _as_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_list(kind):
        column = pc.binary_join(column, " ")
    elif pa.types.is_fixed_size_binary(kind):
        column = pa.chunked_array([[v and v.hex() for v in column.to_pylist()]], pa.string())
    return _without_formulas(column) if pa.types.is_string(column.type) else column


def _without_formulas(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    marked = pc.binary_join_element_wise("'", texts, "")
    return pc.if_else(pc.match_substring_regex(texts, _FORMULA), marked, texts)


def from_parquet(content: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Decode a Parquet file, or only some of its columns; those it lacks are left out."""
    file = pq.ParquetFile(pa.BufferReader(content))
    if columns is None:
        return file.read()
    return file.read([name for name in columns if name in file.schema_arrow.names])


def one_row_each(tables: Iterable[pa.Table]) -> pa.Table:
    """Join parts and keep one row per object version.

    Several rows for one object version come from two runs that did not see each other, or from
    rejects that were scored again. A scored row wins over a rejected one, then the row scored
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
        ("outcome", "descending"),  # scored before rejected
        ("scored_at", "ascending"),
        ("chunk", "ascending"),
    ]
    ordered = joined.take(pc.sort_indices(joined, sort_keys=keys))
    identities = ordered["identity"].to_numpy(zero_copy_only=False)
    first = np.ones(len(identities), dtype=bool)
    first[1:] = identities[1:] != identities[:-1]
    return ordered.filter(pa.array(first))
