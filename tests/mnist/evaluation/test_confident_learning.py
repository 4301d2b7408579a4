"""Suspected label errors, against planted ones and against the definition spelled out."""

import numpy as np
import pytest

from mnist.errors import InvalidEvaluation
from mnist.evaluation.confident_learning import class_thresholds, suspected_label_errors


def readings(truth, sure=0.9, seed=0):
    """Read every image rightly, with confidences around `sure`."""
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(sure - 0.09, sure + 0.09, len(truth))
    probabilities = np.repeat((1 - confidence)[:, None] / 9, 10, axis=1)
    probabilities[np.arange(len(truth)), truth] = confidence
    return probabilities.astype(np.float32)


def test_planted_label_errors_are_found_and_named():
    truth = np.tile(np.arange(10), 200)
    probabilities = readings(truth)
    labels = truth.copy()
    planted = np.arange(0, 2000, 61)
    labels[planted] = (labels[planted] + 3) % 10
    suspects = suspected_label_errors(labels, probabilities)
    assert set(suspects.index) == set(planted)
    assert (suspects.suggested == truth[suspects.index]).all()
    # An image is an issue if the model is surer than usual, which about half of them are.
    assert len(planted) / 3 < suspects.confident.sum() < len(planted)
    assert (np.diff(suspects.margin) <= 0).all()


def test_nothing_is_suspect_where_labels_and_readings_agree():
    truth = np.tile(np.arange(10), 50)
    suspects = suspected_label_errors(truth, readings(truth))
    assert len(suspects.index) == len(suspects.suggested) == len(suspects.margin) == 0
    assert (suspects.joint == np.diag(suspects.joint.diagonal())).all()


def test_the_confident_joint_is_that_of_the_definition():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 4, 300)
    probabilities = generator.dirichlet(np.full(10, 0.2), 300).astype(np.float32)
    thresholds = [
        probabilities[labels == j, j].mean() if (labels == j).any() else np.inf for j in range(10)
    ]
    joint = np.zeros((10, 10), int)
    for label, row in zip(labels, probabilities, strict=True):
        reached = [j for j in range(10) if row[j] >= thresholds[j]]
        if reached:
            joint[label, max(reached, key=row.__getitem__)] += 1
    assert class_thresholds(labels, probabilities) == pytest.approx(thresholds, rel=1e-6)
    suspects = suspected_label_errors(labels, probabilities)
    assert suspects.joint.tolist() == joint.tolist()
    assert suspects.confident.sum() == joint.sum() - joint.trace()


def test_a_digit_that_no_label_names_is_never_confident():
    labels = np.zeros(20, np.int64)
    probabilities = readings(np.full(20, 7))
    suspects = suspected_label_errors(labels, probabilities)
    assert len(suspects.index) == 20
    assert not suspects.confident.any()


def test_probabilities_that_are_none_are_refused():
    with pytest.raises(InvalidEvaluation):
        suspected_label_errors(np.zeros(2, np.int64), np.zeros((2, 10), np.float32))
