"""CSV that a spreadsheet opens as what it is: UTF-8 with its mark, and no cell is a formula.

Keys and metadata are written by whoever fills the inbox. A cell that begins with `=`, `+`, `-`,
`@`, a tab or a line break would be computed by the program that opens the file, and a formula can
send what stands beside it elsewhere (OWASP, "CSV injection"). Such a cell gets a `'` in front,
which spreadsheets take for "this is text".
"""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pyarrow.csv import CSVWriter

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_FORMULA = r"^\s*[=+\-@\t\r\n\x{FF0B}\x{FF0D}\x{FF1D}\x{FF20}]"
"""In any width, and behind blanks, which some programs leave away. RE2 has it so."""

_BETWEEN_WORDS = " "


def as_cells(table: pa.Table) -> pa.Table:
    """Make a table that CSV can hold.

    Lists become words with blanks between, or JSON if more than words are in them, bytes
    hexadecimal, texts and names of columns harmless.
    """
    columns = [_as_cells(column) for column in table.columns]
    names = _as_cells(pa.chunked_array([table.column_names], pa.string()))
    return pa.table(columns, names=names.to_pylist())


def to_csv(table: pa.Table) -> bytes:
    """Encode a table as CSV."""
    cells = as_cells(table)
    sink = pa.BufferOutputStream()
    sink.write(BYTE_ORDER_MARK)
    with CSVWriter(sink, cells.schema) as writer:
        writer.write_table(cells)
    return bytes(sink.getvalue())


def _as_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type):
        texts = [None if value is None else json.dumps(value) for value in column.to_pylist()]
        column = pa.chunked_array([texts], pa.string())
    elif pa.types.is_list(column.type):
        column = pc.binary_join(column, _BETWEEN_WORDS)
    elif pa.types.is_fixed_size_binary(column.type):
        column = pa.chunked_array([[v and v.hex() for v in column.to_pylist()]], pa.string())
    if not pa.types.is_string(column.type):
        return column
    is_formula = pc.fill_null(pc.match_substring_regex(column, _FORMULA), fill_value=False)
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
