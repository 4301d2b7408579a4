"""CSV for spreadsheets: every text is there, and none is a formula."""

import csv
import io

import pyarrow as pa
import pytest

from mnist.spreadsheets import to_csv


def cells(*texts: str | None) -> list[str]:
    """Write a column of texts and read it as a spreadsheet would."""
    content = to_csv(pa.table({"key": pa.array(texts, pa.string()), "end": ["x"] * len(texts)}))
    return [row["key"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "+1",
        "-1+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
    ],
)
def test_no_text_is_a_formula(text):
    assert cells(text) == ["'" + text]


def test_other_texts_stay_as_they_are():
    texts = ["b/ü é 数 🙂.png", 'a "b", c', "007", "a=b", "'quoted", "", "two\nlines"]
    assert cells(*texts) == texts


def test_a_number_below_zero_stays_a_number():
    assert b"-0.5" in to_csv(pa.table({"score": [-0.5]}))
    assert b"'" not in to_csv(pa.table({"score": [-0.5]}))


def test_lists_become_words_and_the_file_has_its_mark():
    table = pa.table(
        {"warnings": pa.array([["cut-off", "faint"], [], None], pa.list_(pa.string()))}
    )
    content = to_csv(table)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == ['"warnings"', '"cut-off faint"', '""', ""]


def test_an_empty_table_has_its_head():
    assert to_csv(pa.table({"key": pa.array([], pa.string())})).endswith(b'"key"\n')
