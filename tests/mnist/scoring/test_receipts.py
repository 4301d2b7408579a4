"""Receipts: listed = scored + rejected + superseded + vanished, each once."""

from collections import Counter
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from mnist.digits import Outcome
from mnist.keys import listing_digest
from mnist.scoring.receipts import AcceptanceRecord, PartRecord, Receipt, RunRecord, VersionRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.tables import ROWS, one_row_each
from tests.factories import rows, version

RUN = RunRecord(
    name="run-1",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    finished_at=datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
    rows_written=3,
)
A, B, C = (version(f"b/{i}.png") for i in range(3))


def rejected(*versions, reason="blank"):
    return rows(
        *versions, outcome="rejected", reason=reason, digit=None, confidence=None, accepted=False
    )


def receipt(listed, *tables, unsettled=(), limit=None) -> Receipt:
    listing = ListingLog()
    listing.extend(listed)
    return write_up(
        "b",
        RUN,
        listing=listing,
        unsettled=unsettled,
        parts=[
            (PartRecord(key=f"p{i}", sha256="x", rows=table.num_rows), table)
            for i, table in enumerate(tables)
        ],
        limit=limit or RejectLimit(rate=0.5, count=100),
    )


def test_a_complete_batch_balances():
    made = receipt([A, B, C], pa.concat_tables([rows(A, B), rejected(C)]))
    assert made.outcomes == {Outcome.SCORED: 2, Outcome.REJECTED: 1}
    assert made.is_balanced
    assert made.verdict == "complete"
    assert made.reasons == {"blank": 1}
    assert made.accepted == 2


def test_the_listing_is_digested_so_that_rows_alone_can_prove_it():
    made = receipt([B, A], rows(A, B))
    assert made.listing.digest == listing_digest([A.identity, B.identity])
    assert made.listing.count == 2
    assert made.listing.bytes == A.size + B.size


def test_an_object_version_without_outcome_makes_it_incomplete():
    made = receipt([A, B], rows(A))
    assert made.missing == 1
    assert not made.is_balanced
    assert made.verdict == "incomplete"
    assert "1 of 2" in made.verdict_reason


def test_what_was_overwritten_or_deleted_meanwhile_is_named_and_counted():
    gone = VersionRecord.of(B, Outcome.VANISHED)
    made = receipt([A, B], rows(A), unsettled=[gone])
    assert made.outcomes == {Outcome.SCORED: 1, Outcome.VANISHED: 1}
    assert made.unsettled == [gone]
    assert made.is_balanced


def test_an_object_that_came_back_and_was_scored_counts_once():
    made = receipt([A, B], rows(A, B), unsettled=[VersionRecord.of(B, Outcome.VANISHED)])
    assert made.outcomes == {Outcome.SCORED: 2}
    assert made.unsettled == []
    assert made.is_balanced


def test_rows_of_objects_no_longer_listed_are_named_but_not_counted():
    made = receipt([A], rows(A, B))
    assert made.listing.count == 1
    assert made.outcomes == {Outcome.SCORED: 1}
    assert [v.key for v in made.unlisted] == [B.key]


def test_rows_written_twice_by_two_runs_are_counted_as_set_aside():
    made = receipt([A, B], rows(A, B), rows(A, chunk="d"))
    assert (made.duplicate_rows, made.outcomes) == (1, {Outcome.SCORED: 2})


@pytest.mark.parametrize("rejected_first", [True, False])
def test_a_reject_that_was_scored_later_counts_as_scored_in_every_order(rejected_first):
    before, after = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    old = rejected(A, B).set_column(
        ROWS.get_field_index("scored_at"), ROWS.field("scored_at"), [[before] * 2]
    )
    parts = [old, rows(A, scored_at=after)]
    made = receipt([A, B], *(parts if rejected_first else parts[::-1]))
    assert made.outcomes == {Outcome.SCORED: 1, Outcome.REJECTED: 1}
    assert made.duplicate_rows == 1


def test_what_counts_is_what_readers_of_the_rows_keep():
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    parts = [
        rows(A, B, scored_at=late, chunk="a", model_version="late"),
        rows(A, C, scored_at=early, chunk="c", model_version="early-c"),
        rows(C, scored_at=early, chunk="b", model_version="early-b"),
    ]
    kept = one_row_each(parts)["model_version"].to_pylist()
    counted = {model.version: model.rows for model in receipt([A, B, C], *parts).models}
    assert counted == dict(Counter(kept)) == {"late": 1, "early-c": 1, "early-b": 1}


def test_the_receipt_says_which_share_people_look_at():
    made = receipt([A, B, C], rows(A), rows(B, accepted=False), rejected(C))
    assert (made.accepted_share, made.review_share) == (0.5, 0.5)
    none = receipt([A], rejected(A))
    assert (none.accepted_share, none.review_share) == (0, 0)


def test_a_batch_in_which_everything_was_rejected_failed():
    made = receipt([A, B], rejected(A, B), limit=RejectLimit(rate=1, count=100))
    assert made.verdict == "failed"
    assert made.verdict_reason == "All 2 images were rejected."


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        (RejectLimit(rate=0.3, count=100), "failed"),
        (RejectLimit(rate=0.34, count=100), "complete"),
        (RejectLimit(rate=1, count=0), "failed"),
        (RejectLimit(rate=1, count=1), "complete"),
    ],
)
def test_too_many_rejects_fail_a_batch_by_share_or_by_count(limit, verdict):
    made = receipt([A, B, C], pa.concat_tables([rows(A, B), rejected(C)]), limit=limit)
    assert made.verdict == verdict
    assert made.is_balanced


def test_the_receipt_says_by_which_thresholds_rows_were_accepted_and_on_what_evidence():
    first = AcceptanceRecord(entry=0, threshold=0.998, evidence="Nobody has audited.")
    second = AcceptanceRecord(entry=4, threshold=0.9991, evidence="1 of 300 audited wrong.")
    tables = [
        rows(version).replace_schema_metadata(record.as_metadata())
        for version, record in ((A, second), (B, first), (C, second))
    ]
    made = receipt([A, B, C], *tables)
    assert made.acceptance == [first, second]
    assert "from a confidence of 0.9991 on (entry 4 of the acceptance log)" in made.markdown()
    assert "1 of 300 audited wrong." in made.markdown()
    assert receipt([A], rows(A)).acceptance == [], "of parts from before"


def test_a_receipt_survives_json():
    made = receipt([A, B], rows(A, B))
    assert Receipt.model_validate_json(made.model_dump_json()) == made


def test_each_model_version_is_named_with_its_rows():
    table = pa.concat_tables([rows(A, B, model_version="3"), rows(C, model_version="4")])
    assert [(m.version, m.rows) for m in receipt([A, B, C], table).models] == [("3", 2), ("4", 1)]


def test_people_read_sums_and_reasons():
    text = receipt([A, B], pa.concat_tables([rows(A), rejected(B)])).markdown()
    assert "2 listed = 1 rejected + 1 scored" in text
    assert "The image shows no ink." in text
