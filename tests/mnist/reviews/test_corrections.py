"""What people corrected in a value, digit by digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist.reviews.corrections import Change, corrections

VALUES = st.text("0149.", max_size=8)


def said(predicted, written):
    return [
        (c.change.value, c.position, c.predicted, c.written)
        for c in corrections(predicted, written)
    ]


@pytest.mark.parametrize(
    ("predicted", "written", "changes"),
    [
        ("0148", "0148", []),
        ("0148", "0198", [("replaced", 3, "4", "9")]),
        ("148", "0148", [("dropped", 1, "", "0")]),
        ("01148", "0148", [("inserted", 3, "1", "")]),
        ("014", "0148", [("dropped", 4, "", "8")]),
        ("0148", "014", [("inserted", 4, "8", "")]),
        ("9148", "014", [("replaced", 1, "9", "0"), ("inserted", 4, "8", "")]),
        ("314", "3.14", [("dropped", 2, "", ".")]),
        ("", "7", [("dropped", 1, "", "7")]),
    ],
)
def test_each_change_is_named_with_its_place(predicted, written, changes):
    assert said(predicted, written) == changes


@given(VALUES, VALUES)
def test_undoing_all_changes_gives_what_is_written(predicted, written):
    found = corrections(predicted, written)
    kept = list(predicted)
    signs = []
    by_place = {}
    for change in found:
        by_place.setdefault(change.position, []).append(change)
    for position in range(1, len(written) + 2):
        of_written = None
        for change in by_place.get(position, []):
            if change.change is not Change.DROPPED:
                assert kept.pop(0) == change.predicted
            if change.change is not Change.INSERTED:
                of_written = change.written
        if position <= len(written):
            signs.append(kept.pop(0) if of_written is None else of_written)
    assert kept == []
    assert "".join(signs) == written


@given(VALUES, VALUES)
def test_there_are_no_more_changes_than_needed(predicted, written):
    count = len(corrections(predicted, written))
    assert (count == 0) == (predicted == written)
    assert abs(len(predicted) - len(written)) <= count <= max(len(predicted), len(written))
    assert count == len(corrections(written, predicted))
