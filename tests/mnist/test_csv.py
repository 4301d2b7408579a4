"""CSV files that we write open right in a spreadsheet, and compute nothing there."""

import csv
import io

import pyarrow as pa
import pytest

from mnist.spreadsheets import to_csv
from mnist.storage.bucket import Bucket
from mnist.storage.rescores import Rescores
from tests.factories import rows, version


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_excel_is_told_that_it_is_utf8():
    content = to_csv(pa.table({"key": ["größe/写真.png"]}))
    assert content.startswith(b"\xef\xbb\xbf")
    assert cells(content) == [{"key": "größe/写真.png"}]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://x","y")',
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_text_becomes_a_formula(text):
    assert cells(to_csv(pa.table({"key": [text], text: ["x"]}))) == [
        {"key": f"'{text}", f"'{text}": "x"}
    ]


def test_everything_else_is_written_as_it_is():
    texts = ["b/=1.png", "", None, "a,b", 'say "7"', "two\nlines"]
    table = pa.table({"text": texts, "number": [-1.5, -2, 0, 1, 2, 3]})
    assert [row["text"] for row in cells(to_csv(table))] == [text or "" for text in texts]
    assert [float(row["number"]) for row in cells(to_csv(table))] == [-1.5, -2, 0, 1, 2, 3]


def test_rows_have_warnings_and_identities_as_text():
    (row,) = cells(to_csv(rows(version("=b/1.png"), warnings=["noisy", "faint-ink"])))
    assert row["key"] == "'=b/1.png"
    assert row["warnings"] == "noisy faint-ink"
    assert row["identity"] == version("=b/1.png").identity.hex()


def test_the_difference_file_of_a_rescore_is_such_a_file():
    bucket = Bucket.in_memory()
    _, key = Rescores(bucket).write_difference("f", "n", pa.table({"key": ["=1/a.png"]}))
    assert cells(bucket.fetch(key)) == [{"key": "'=1/a.png"}]
