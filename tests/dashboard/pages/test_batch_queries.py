"""Choosing, ordering and exporting rows, without any page."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.components.batch_rows import (
    BatchRows,
    Decision,
    batch_rows,
    remark_sentence,
    versions_of,
)
from dashboard.components.filters import page_count, page_of
from dashboard.pages.batches.queries import (
    Order,
    RowFilter,
    as_csv,
    as_parquet,
    matching,
    ordered,
    remarks_in,
    scored_when,
)
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results
from tests.factories import rows, version


@pytest.fixture
def scans() -> BatchRows:
    """Four rows: accepted 7, doubtful 3 with two warnings, doubtful 7, rejected."""
    results = Results(Bucket.in_memory())
    table = pa.concat_tables(
        [
            rows(version("scans/a.png"), confidence=0.99),
            rows(
                version("scans/b.png"),
                digit=3,
                confidence=0.5,
                accepted=False,
                warnings=["noisy", "faint-ink"],
            ),
            rows(version("scans/C.png"), confidence=0.8, accepted=False),
            rows(
                version("scans/d.txt"),
                outcome="rejected",
                reason="empty",
                digit=None,
                confidence=None,
                margin=None,
                accepted=False,
            ),
        ]
    )
    results.write_part("scans", "chunk", table)
    return batch_rows(results, "scans")


def keys(frame: pd.DataFrame) -> list[str]:
    return [key.removeprefix("scans/")[0] for key in frame["key"]]


@pytest.mark.parametrize(
    ("row_filter", "expected"),
    [
        (RowFilter(), "abCd"),
        (RowFilter(decisions=(Decision.ACCEPTED,)), "a"),
        (RowFilter(decisions=(Decision.REVIEW, Decision.REJECTED)), "bCd"),
        (RowFilter(digits=(7,)), "aC"),
        (RowFilter(digits=(3, 7), confidence=(0.0, 0.9)), "bC"),
        (RowFilter(confidence=(0.9, 1.0)), "a"),
        (RowFilter(remarks=("faint-ink",)), "b"),
        (RowFilter(remarks=("noisy", "empty")), "bd"),
        (RowFilter(name="c.PNG"), "C"),
        (RowFilter(name=".*"), ""),
        (RowFilter(digits=(9,)), ""),
    ],
)
def test_filters_keep_what_was_asked_for(scans, row_filter, expected):
    assert keys(matching(scans.frame, row_filter)) == list(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [(Order.DOUBTFUL, "dbCa"), (Order.SURE, "aCbd"), (Order.NAME, "Cabd")],
)
def test_rows_come_in_the_order_asked_for(scans, order, expected):
    assert keys(ordered(scans.frame, order)) == list(expected)


def test_reasons_and_warnings_are_offered_once_each(scans):
    assert remarks_in(scans.frame) == ["empty", "faint-ink", "noisy"]


def test_a_batch_without_rows_has_an_empty_frame():
    nothing = batch_rows(Results(Bucket.in_memory()), "nothing")
    assert matching(nothing.frame, RowFilter(digits=(1,), remarks=("x",), name="y")).empty
    assert remarks_in(nothing.frame) == []


def test_pages_hold_every_row_once(scans):
    assert page_count(0, 3) == 1
    assert page_count(4, 3) == 2
    assert [keys(page_of(scans.frame, n, 3)) for n in (1, 2)] == [["a", "b", "C"], ["d"]]


def test_the_object_versions_behind_rows_are_the_scored_ones(scans):
    (first, *_) = versions_of(scans.frame)
    assert first == version("scans/a.png")


def test_exports_hold_the_chosen_rows_in_their_order_and_nothing_else(scans):
    selection = ordered(matching(scans.frame, RowFilter(digits=(7,))), Order.DOUBTFUL)
    parquet = pq.read_table(io.BytesIO(as_parquet(scans, selection)))
    assert parquet.schema.equals(scans.table.schema)
    assert parquet["key"].to_pylist() == ["scans/C.png", "scans/a.png"]
    notes = pd.DataFrame({"tags": ["blurred", ""]}, index=selection.index)
    csv = pd.read_csv(io.BytesIO(as_csv(scans, selection, notes)))
    assert csv["tags"].tolist()[:1] == ["blurred"]
    assert csv["key"].tolist() == ["scans/C.png", "scans/a.png"]
    assert csv["identity"].tolist() == [v.identity.hex() for v in versions_of(selection)]
    assert csv["p3"].isna().all()


def test_a_reason_of_another_release_has_no_sentence():
    assert "no bytes" in remark_sentence("empty")
    assert remark_sentence("burnt") == ""


@pytest.mark.parametrize(
    ("rows", "seconds", "sentence"),
    [
        (3, 0, "recorded 2026-11-20 23:59:00 UTC"),
        (
            5_000,
            2,
            "recorded 2026-11-20 23:59:00 to 2026-11-20 23:59:02 UTC, 2,500 images a second",
        ),
        (3, 59, "recorded 2026-11-20 23:59:00 to 2026-11-20 23:59:59 UTC"),
    ],
)
def test_the_time_of_scoring_is_said_with_its_rate(rows, seconds, sentence):
    begun = pd.Timestamp("2026-11-20 23:59")
    times = [begun] * (rows - 1) + [begun + pd.Timedelta(seconds=seconds)]
    assert scored_when(pd.DataFrame({"scored_at": times})) == sentence
