"""A field that has to be the sum of others."""

import json

import numpy as np
import pytest

from mnist.digits import Outcome, Reason
from mnist.errors import InvalidLayout
from mnist.images import Rejection
from mnist.layouts import CheckResult, Cut, Layout, PlacePrediction, summed

BOX = (0, 0, 10, 10)


def layout(total, **fields):
    boxes = {
        name: {"box": [0.1, 0.1 * at, 0.9, 0.1 * at + 0.1], "symbols": ".,- "} | said
        for at, (name, said) in enumerate({"net": {}, "tax": {}, "total": total, **fields}.items())
    }
    return Layout.parse(json.dumps({"fields": boxes}).encode())


def predicted(check=None, **values):
    """Predict the fields of one page; None is an empty one, a rejection is one."""
    rules = layout({"check": check or {"sum": ["net", "tax"]}})
    none = np.empty((0, 28, 28), np.uint8)
    cuts = [Cut(name, BOX, rules.content_of(name), None, none) for name in values]
    predictions = []
    for name, value in values.items():
        text = value if isinstance(value, str) else ""
        outcome = Outcome.SCORED if text else Outcome.EMPTY
        if isinstance(value, Rejection):
            outcome = value
        predictions.append(PlacePrediction(name, BOX, outcome, text, 0.999, accepted=bool(text)))
    return {prediction.place: prediction for prediction in summed(predictions, cuts)}


@pytest.mark.parametrize(
    ("net", "tax", "total"),
    [("0100", "0019", "0119"), ("1,50", "0.25", "1.75"), ("7", None, "7"), ("-3", "10", "007")],
)
def test_what_adds_up_passes(net, tax, total):
    fields = predicted(net=net, tax=tax, total=total)
    assert fields["total"].check is CheckResult.PASSED
    assert fields["total"].accepted
    assert fields["net"].check is CheckResult.NONE


def test_where_it_does_not_add_up_a_person_looks_at_all_of_it():
    fields = predicted(net="0100", tax="0019", total="0179")
    assert fields["total"].check is CheckResult.FAILED
    assert fields["total"].proposal == "0119"
    assert fields["total"].value == "0179"
    assert not any(fields[name].accepted for name in ("net", "tax", "total"))


@pytest.mark.parametrize("tax", [Rejection(Reason.NOT_ALIGNED, "It lies elsewhere."), "1-9"])
def test_what_is_no_number_is_in_no_sum(tax):
    total = predicted(net="0100", tax=tax, total="0119")["total"]
    assert total.check is CheckResult.FAILED
    assert total.proposal is None


def test_a_sum_of_more_digits_is_no_proposal():
    assert predicted(net="60", tax="60", total="20")["total"].proposal is None


def test_an_empty_sum_is_empty():
    fields = predicted(net="0100", tax="0019", total=None)
    assert fields["total"].outcome is Outcome.EMPTY
    assert fields["net"].accepted


def test_other_checks_are_left_alone():
    fields = predicted({"range": [0, 9]}, net="1", tax="2", total="4")
    assert fields["total"].check is CheckResult.NONE
    assert fields["total"].accepted


@pytest.mark.parametrize("terms", [["net"], ["net", "total"], ["net", "gross"]])
def test_a_sum_of_one_field_of_itself_or_of_none_is_refused(terms):
    with pytest.raises(InvalidLayout, match=r"docs/layouts\.md"):
        layout({"check": {"sum": terms}})


def test_only_a_field_can_be_a_sum():
    with pytest.raises(InvalidLayout, match="only in a field"):
        Layout.parse(b'{"digits": 4, "check": {"sum": ["a", "b"]}}')
