"""Rows of results."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from mnist.scoring.tally import Tally
from mnist.tables import ROWS, from_parquet, one_row_each, to_parquet
from tests.factories import rows, version

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def test_parquet_keeps_every_column_and_type():
    table = rows(version("b/ü n.png"), version("b/2.png"))
    assert from_parquet(to_parquet(table)).equals(table)


def test_some_columns_can_be_read_alone():
    content = to_parquet(rows(version("b/1.png")))
    assert from_parquet(content, ["key"]).column_names == ["key"]


def test_no_parts_are_an_empty_table_of_the_same_columns():
    assert one_row_each([]).schema == ROWS


def test_parts_without_common_rows_are_joined():
    joined = one_row_each([rows(version("b/1.png")), rows(version("b/2.png"))])
    assert sorted(joined["key"].to_pylist()) == ["b/1.png", "b/2.png"]


def test_of_two_rows_for_one_object_version_the_first_scored_counts_whatever_the_order():
    early = rows(version("b/1.png"), digit=1, scored_at=EARLY, chunk="z")
    late = rows(version("b/1.png"), digit=2, scored_at=LATE, chunk="a")
    for parts in ([early, late], [late, early]):
        assert one_row_each(parts)["digit"].to_pylist() == [1]


def test_of_two_rows_of_the_same_moment_the_lower_chunk_counts():
    a, b = rows(version("b/1.png"), chunk="a"), rows(version("b/1.png"), chunk="b")
    assert one_row_each([b, a])["chunk"].to_pylist() == ["a"]


def test_two_versions_of_one_object_keep_a_row_each():
    table = one_row_each([rows(version("b/1.png", "old")), rows(version("b/1.png", "new"))])
    assert table.num_rows == 2
    assert isinstance(table, pa.Table)


def test_parts_from_before_a_column_existed_are_joined_with_nulls():
    old = rows(version("b/1.png")).drop_columns(["ink", "width"])
    joined = one_row_each([old, rows(version("b/2.png"), ink=0.5)])
    ink = dict(zip(joined["key"].to_pylist(), joined["ink"].to_pylist(), strict=True))
    assert ink == {"b/1.png": None, "b/2.png": 0.5}


@pytest.mark.parametrize("outcome", ["scored", "empty"])
def test_any_row_counts_before_a_rejected_one_in_the_table_and_in_a_tally(outcome):
    rejected = rows(version("b/1.png"), outcome="rejected", digit=None, scored_at=EARLY)
    other = rows(version("b/1.png"), outcome=outcome, scored_at=LATE, chunk="d")
    for parts in ([rejected, other], [other, rejected]):
        assert one_row_each(parts)["outcome"].to_pylist() == [outcome]
        tally = Tally()
        for part in parts:
            tally.add(part)
        assert dict(tally.counted().by(lambda facts: facts.outcome)) == {outcome: 1}
