"""What another version reads differently."""

from mnist.scoring.differences import changed_readings, content_name, flips
from tests.factories import rows, version

A, B, C = version("b/a.png"), version("b/b.png"), version("b/c.png")


def test_only_what_changed_is_listed_with_both_sides():
    old = rows(A, B, digit=4, confidence=0.75, model_version="1")
    new = rows(A, digit=4, confidence=0.5, model_version="2"), rows(B, digit=9, model_version="2")
    changed = changed_readings(old, _joined(*new))
    (row,) = changed.to_pylist()
    assert (row["key"], row["etag"], row["bytes"]) == (B.key, B.etag, B.size)
    assert (row["old_digit"], row["old_confidence"], row["old_model_version"]) == (4, 0.75, "1")
    assert (row["new_digit"], row["new_model_version"]) == (9, "2")
    assert flips(changed) == {(4, 9): 1}


def test_acceptance_and_outcome_count_as_changes_too():
    old = _joined(rows(A, accepted=True), rows(B, outcome="rejected", digit=None, accepted=False))
    new = _joined(rows(A, accepted=False), rows(B, outcome="scored", digit=7, accepted=False))
    changed = changed_readings(old, new)
    assert changed["key"].to_pylist() == [A.key, B.key]
    assert flips(changed) == {}


def test_two_rejections_are_no_change():
    rejected = rows(A, outcome="rejected", digit=None, confidence=None, accepted=False)
    assert changed_readings(rejected, rejected).num_rows == 0


def test_what_was_not_read_again_is_left_out():
    assert changed_readings(rows(A, C, digit=1), rows(C, digit=2))["key"].to_pylist() == [C.key]


def test_the_name_stands_for_the_content():
    first = changed_readings(rows(A, B, digit=1), rows(A, B, digit=2))
    again = changed_readings(rows(B, A, digit=1), rows(B, A, digit=2))
    other = changed_readings(rows(A, B, digit=1), rows(A, B, digit=3))
    assert content_name(first) == content_name(again) != content_name(other)


def _joined(*tables):
    import pyarrow as pa

    return pa.concat_tables(tables)
