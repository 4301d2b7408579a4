"""The least confidence that keeps the promise: exact bounds, and no choice among many for free."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from mnist.acceptance.thresholds import (
    GRID,
    NOTHING_ACCEPTED,
    JudgedPredictions,
    Promise,
    accept_confidence,
    joined,
    judged_predictions,
    proven_threshold,
)
from mnist.errors import InvalidEvaluation

PROMISE = Promise(0.002)


def predictions(confidence, wrong=()) -> JudgedPredictions:
    flags = np.zeros(len(confidence), bool)
    flags[list(wrong)] = True
    return JudgedPredictions("scans/", np.asarray(confidence, np.float64), flags)


@given(st.integers(1, 3_000), st.integers(0, 20))
def test_the_bounds_are_those_of_clopper_and_pearson(accepted, wrong):
    wrong = min(wrong, accepted)
    upper, lower = PROMISE.upper(wrong, accepted), PROMISE.lower(wrong, accepted)
    if wrong < accepted:
        assert binom.cdf(wrong, accepted, upper) == pytest.approx(0.05, abs=1e-6)
    if wrong:
        assert binom.sf(wrong - 1, accepted, lower) == pytest.approx(0.05, abs=1e-6)
    assert lower <= wrong / accepted <= upper


def test_fewer_than_1497_without_a_mistake_prove_nothing():
    assert PROMISE.least_accepted == 1_497
    assert proven_threshold(predictions(np.full(1_496, 0.9999)), PROMISE) is None
    assert proven_threshold(predictions(np.full(1_497, 0.9999)), PROMISE) is not None


def test_without_labels_nothing_is_proven():
    assert proven_threshold(predictions([]), PROMISE) is None


def test_it_goes_down_to_the_last_threshold_before_the_mistakes():
    confidence = np.concatenate([np.full(30_000, 0.9995), np.linspace(0.5, 0.99, 20_000)])
    wrong = np.flatnonzero(confidence < 0.8)[::20]  # one of twenty below .8
    threshold = proven_threshold(predictions(confidence, wrong), PROMISE)
    assert 0.7 < threshold < 0.85
    assert threshold in GRID


def test_the_first_threshold_that_fails_ends_the_sequence():
    """A lucky threshold further down is not picked: that would be a choice among many."""
    confidence = np.repeat([0.9995, 0.95, 0.9], [3_000, 300, 2_700])
    evidence = predictions(confidence, range(3_000, 3_040))  # all at .95, hidden by those below
    promise = Promise(0.01)
    assert promise.is_kept(40, 6_000)
    assert not promise.is_kept(40, 3_300)
    assert 0.95 < proven_threshold(evidence, promise) <= 0.9995


def test_a_promise_is_broken_in_at_most_one_of_twenty_labelled_samples():
    """Of a stream whose share of wrong ones above each threshold is known."""
    broken = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        confidence = 1 - 10 ** random.uniform(-5, -1, 5_000)
        wrong = random.random(5_000) < 0.3 * (1 - confidence)
        chosen = proven_threshold(JudgedPredictions("", confidence, wrong), PROMISE)
        if chosen is not None:
            exponents = np.linspace(-5, np.log10(1 - chosen), 2_000)
            broken += 0.3 * (10**exponents).mean() > PROMISE.max_error_rate
    assert broken <= 0.05 * 200


def test_labels_and_probabilities_become_evidence():
    probabilities = np.full((3, 10), 0.01, np.float32)
    probabilities[[0, 1, 2], [4, 5, 6]] = 0.91
    evidence = judged_predictions(probabilities, np.array([4, 5, 7]), "scans/")
    assert evidence.wrong.tolist() == [False, False, True]
    assert evidence.confidence == pytest.approx(0.91)
    assert evidence.accepted(0.9) == (3, 1)
    assert joined([evidence, evidence], "").accepted(0.9) == (6, 2)


def test_evidence_whose_columns_differ_in_length_is_refused():
    with pytest.raises(InvalidEvaluation, match=r"'scans/'.*\(2,\).*\(1,\)"):
        JudgedPredictions("scans/", np.zeros(2), np.zeros(1, bool))


def test_a_version_that_always_errs_accepts_nothing():
    probabilities = np.full((2_000, 10), 0.001, np.float32)
    probabilities[:, 3] = 0.991
    labels = np.full(2_000, 4)
    assert accept_confidence(labels, probabilities, max_error_rate=0.01) == NOTHING_ACCEPTED
