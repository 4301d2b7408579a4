"""The cause that a change is put down to, from rows and from what has moved."""

import numpy as np
import pytest

from mnist.monitoring.causes import Cause, causes_of
from mnist.monitoring.drift import Limits, Verdict, compare
from tests.daily_rows import people

ONES = np.array([0.06, 0.46, *[0.06] * 8])


def thinner_ones(count, seed, **changes):
    """Let people write ones with half the ink of other digits."""
    rows = people(count, seed, **changes)
    digits = rows["digit"].to_numpy()
    ink = rows["ink"].to_numpy() * np.where(digits == 1, 0.5, 1.0)
    position = rows.column_names.index("ink")
    return rows.set_column(position, rows.schema.field("ink"), [ink.astype(np.float32)])


def compared(**changes):
    return compare(thinner_ones(2_000, 1), thinner_ones(1_000, 2, **changes), Limits())


def test_more_ones_are_another_mix_and_no_thinner_writing():
    comparison = compared(shares=ONES)
    assert comparison.verdict is Verdict.MIX_CHANGED
    assert comparison.causes == (Cause.MIX,)


@pytest.mark.parametrize(
    ("change", "causes"),
    [
        ({}, ()),
        ({"ink": lambda ink: ink * 1.6}, (Cause.PEN,)),
        ({"brightness": lambda level: level - 25}, (Cause.BRIGHTNESS,)),
        ({"contrast": lambda level: level * 0.7}, (Cause.CONTRAST,)),
        ({"width": lambda w: w * 2, "height": lambda h: h * 2}, (Cause.SIZE,)),
        ({"width": lambda w: w + 100}, (Cause.FORM,)),
        ({"sharpness": lambda s: s * 0.5, "contrast": lambda c: c * 0.8}, (Cause.BLUR,)),
        ({"ood_score": lambda score: score + 3}, (Cause.WRITERS,)),
        ({"slant": 0.6}, (Cause.WRITERS,)),
        ({"slant": 0.6, "coverage": lambda c: c * 1.5}, (Cause.PEN,)),
        (
            {"slant": 0.6, "coverage": lambda c: c * 1.5, "ink": lambda i: i * 1.5},
            (Cause.WRITERS,),
        ),
        ({"shares": ONES, "ink": lambda ink: ink * 1.6}, (Cause.PEN, Cause.MIX)),
        ({"brightness": lambda level: level - 25, "ink": lambda ink: ink * 2}, (Cause.BRIGHTNESS,)),
    ],
)
def test_a_change_is_put_down_to_its_cause(change, causes):
    assert compared(**change).causes == causes


@pytest.mark.parametrize(
    ("moved", "causes"),
    [
        ({"framed": 0.2}, (Cause.FORM,)),
        ({"shape": 0.5, "size": 9, "sharpness": -0.2, "rejected": 0.1}, (Cause.FORM,)),
        ({"size": 9, "sharpness": -0.2}, (Cause.SIZE,)),
        ({"rejected": 0.1, "digit": 0.1}, (Cause.REJECTS, Cause.MIX)),
        ({"ink": 0.1, "confidence": -0.1}, (Cause.PEN,)),
        ({"coverage": 0.1, "sharpness": 0.2}, (Cause.PEN,)),
        ({"coverage": 0.1, "sharpness": -0.2}, (Cause.BLUR,)),
        ({}, ()),
    ],
)
def test_what_a_cause_brings_about_by_itself_is_not_named(moved, causes):
    assert causes_of(moved) == causes


def test_a_cause_says_what_to_look_at():
    assert all(cause.sentence.endswith(".") for cause in Cause)
