"""Thresholds, honesty of confidences and digits, against counting by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest

from dashboard.components.labelled_predictions import labelled_predictions
from dashboard.pages.compare.curves import acceptance_curve, per_digit, reliability
from mnist.acceptance.thresholds import JudgedPredictions
from tests.dashboard.inspected import probabilities_of

SCANS = JudgedPredictions(
    "scans/", np.array([0.99, 0.95, 0.9, 0.6]), np.array([False, False, True, True])
)


def test_a_threshold_is_measured_by_what_it_accepts_and_what_of_that_is_wrong():
    (row,) = acceptance_curve([SCANS], [0.9]).to_dict("records")
    assert (row["images"], row["accepted"], row["wrong"]) == ("scans/", 3, 1)
    assert (row["share"], row["rate"]) == (0.75, pytest.approx(1 / 3))
    exact = binomtest(1, 3).proportion_ci(method="exact")
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))


def test_a_threshold_that_accepts_nothing_has_no_row():
    assert acceptance_curve([SCANS], [0.999]).empty


def test_a_lower_threshold_accepts_no_less():
    shares = acceptance_curve([SCANS])["share"].tolist()  # from the strictest threshold on
    assert shares == sorted(shares)


def test_confidences_are_held_against_the_share_that_is_right():
    bins = reliability([SCANS])
    assert bins["count"].tolist() == [1, 3]
    assert bins["accuracy"].tolist() == pytest.approx([0, 2 / 3])
    assert bins["confidence"].tolist() == pytest.approx([0.6, (0.99 + 0.95 + 0.9) / 3])


def test_a_certain_prediction_lies_in_the_last_bin():
    bins = reliability([JudgedPredictions("a", np.array([1.0]), np.array([False]))])
    assert bins[["confidence", "count"]].values.tolist() == [[1, 1]]


def test_digits_with_the_largest_change_come_first():
    labels = np.arange(10).repeat(5)
    first = labelled_predictions(labels, probabilities_of(labels, {0: 6, 20: 9, 21: 9}))
    second = labelled_predictions(labels, probabilities_of(labels, {0: 6}))
    top = per_digit(first, second).iloc[0]
    assert top[["digit", "images", "fixed", "broken"]].tolist() == [4, 5, 2, 0]
    assert top[["wrong before", "wrong after"]].tolist() == [2, 0]
    assert top["p"] == 0.5
