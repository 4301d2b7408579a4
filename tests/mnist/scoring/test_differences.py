"""What another version reads differently."""

from datetime import UTC, datetime

import pyarrow as pa

from mnist.scoring.differences import (
    VersionComparison,
    VersionPredictions,
    changed_rows,
    compare,
    content_name,
    flips,
)
from tests.factories import rows, version

A, B, C = version("b/a.png"), version("b/b.png"), version("b/c.png")
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def readings(of: str, *parts: pa.Table) -> VersionPredictions:
    taken = VersionPredictions(of)
    for part in parts:
        taken.add(part)
    return taken


def old(*versions, **values) -> pa.Table:
    return rows(*versions, model_version="1", **values)


def new(*versions, **values) -> pa.Table:
    return rows(*versions, model_version="2", **values)


def compared(before: list[pa.Table], after: list[pa.Table]) -> VersionComparison:
    return compare(readings("1", *before), readings("2", *after))


def changes(before: list[pa.Table], after: list[pa.Table]) -> pa.Table:
    return changed_rows(compared(before, after), before)


def test_only_what_changed_is_listed_with_both_sides():
    before = [old(A, B, digit=4, confidence=0.75)]
    changed = changes(before, [new(A, digit=4, confidence=0.5), new(B, digit=9)])
    (row,) = changed.to_pylist()
    assert (row["key"], row["etag"], row["bytes"]) == (B.key, B.etag, B.size)
    assert (row["old_digit"], row["old_confidence"], row["old_model_version"]) == (4, 0.75, "1")
    assert (row["new_digit"], row["new_model_version"]) == (9, "2")
    assert flips(changed) == {(4, 9): 1}


def test_acceptance_and_outcome_count_as_changes_too():
    rejected = old(B, outcome="rejected", digit=None, confidence=None, accepted=False)
    before = [old(A, accepted=True), rejected]
    changed = changes(before, [new(A, accepted=False), new(B, digit=7, accepted=False)])
    assert changed["key"].to_pylist() == [A.key, B.key]
    assert changed["old_outcome"].to_pylist() == ["scored", "rejected"]
    assert changed["old_digit"].to_pylist() == [7, None]
    assert changed["old_confidence"].to_pylist()[1] is None
    assert flips(changed) == {}


def test_two_rejections_are_no_change():
    nothing = {"outcome": "rejected", "digit": None, "confidence": None, "accepted": False}
    assert changes([old(A, **nothing)], [new(A, **nothing)]).num_rows == 0


def test_what_was_not_read_again_is_gone():
    before, after = [old(A, C, digit=1)], [new(C, digit=2)]
    comparison = compared(before, after)
    assert (comparison.compared, comparison.gone) == (1, 1)
    assert changes(before, after)["key"].to_pylist() == [C.key]


def test_of_several_rows_the_one_that_production_shows_is_compared():
    twice = [
        old(A, digit=3, scored_at=LATE, chunk="y"),
        old(A, digit=4, scored_at=EARLY, chunk="z"),
        old(B, outcome="rejected", digit=None, scored_at=EARLY, chunk="x"),
        old(B, digit=5, scored_at=LATE, chunk="w"),
    ]
    changed = changes(twice, [new(A, B, digit=9)])
    assert changed["old_digit"].to_pylist() == [4, 5]


def test_a_row_that_another_version_has_replaced_is_not_the_old_version_s():
    mended = rows(A, model_version="3", digit=2, scored_at=LATE, chunk="later")
    rejected = old(A, outcome="rejected", digit=None)
    assert len(readings("1", rejected, mended).identities()) == 0
    assert readings("1", rejected).identities().has([A.identity]).all()


def test_the_name_stands_for_the_content():
    first = changes([old(A, B, digit=1)], [new(A, B, digit=2)])
    again = changes([old(B, digit=1), old(A, digit=1)], [new(B, A, digit=2)])
    other = changes([old(A, B, digit=1)], [new(A, B, digit=3)])
    assert content_name(first) == content_name(again) != content_name(other)


def test_another_value_is_a_change_and_the_same_one_is_none():
    places = {"digit": None, "confidence": None}
    before = [old(A, value="0123", **places), old(B, value="77", **places), old(C)]
    changed = changes(
        before, [new(A, value="0128", **places), new(B, value="77", **places), new(C)]
    )
    (row,) = changed.to_pylist()
    assert (row["key"], row["old_value"], row["new_value"]) == (A.key, "0123", "0128")


def test_a_place_that_is_empty_now_is_a_change_and_no_rejection():
    nothing = {"digit": None, "confidence": None, "accepted": False}
    rejected = new(B, outcome="rejected", **nothing)
    before = [old(A), old(B, outcome="empty", **nothing)]
    changed = changes(before, [new(A, outcome="empty", **nothing), rejected])
    assert changed["old_outcome"].to_pylist() == ["scored", "empty"]
    assert changed["new_outcome"].to_pylist() == ["empty", "rejected"]
