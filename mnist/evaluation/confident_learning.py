"""Suspected label errors: labels that a model contradicts with more than its usual confidence.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in
Dataset Labels"). The model must not have learned from the images in question.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Labels, Probabilities
from mnist.evaluation.metrics import require_comparable


@dataclass(frozen=True, eq=False)
class Suspicions:
    """Images whose label may be wrong, the most suspect first.

    Attributes:
        index: Their rows, shape (k,).
        suggested: The digit that the model is confident of instead, shape (k,).
        margin: Probability of that digit minus that of the label, shape (k,), above 0 where the
            label is not even the most probable one.
        joint: How many images labelled i count as j (the confident joint), shape (10, 10).
    """

    index: NDArray[np.int64]
    suggested: Labels
    margin: NDArray[np.float64]
    joint: NDArray[np.int64]


def class_thresholds(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return how sure the model is of each digit, on average, where the label says that digit.

    Returns:
        Shape (10,), 0-1; infinite for a digit without images, which nothing can reach.
    """
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    sums = np.bincount(labels, weights=own, minlength=CLASSES)
    counts = np.bincount(labels, minlength=CLASSES)
    thresholds = np.full(CLASSES, np.inf)
    np.divide(sums, counts, out=thresholds, where=counts > 0)
    return thresholds


def suspected_label_errors(labels: Labels, probabilities: Probabilities) -> Suspicions:
    """Find the images that the confident joint places off its diagonal.

    An image counts as digit j if the probability of j reaches the threshold of j; among several,
    the most probable. It is suspect if j is not its label. Suspects are ordered by the normalised
    margin of the paper.

    Args:
        labels: Digits as given, shape (n,), values 0-9, n > 0.
        probabilities: Out-of-sample readings, shape (n, 10), rows summing to 1.

    Raises:
        InvalidEvaluation: If labels and probabilities cannot be compared.
    """
    require_comparable(labels, probabilities)
    confident = probabilities >= class_thresholds(labels, probabilities)
    counted = confident.any(axis=1)
    best = np.where(confident, probabilities, -1.0).argmax(axis=1)
    joint = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(joint, (labels[counted], best[counted]), 1)
    suspect = np.flatnonzero(counted & (best != labels))
    rows = probabilities[suspect].astype(np.float64)
    places = np.arange(len(suspect))
    margin = rows[places, best[suspect]] - rows[places, labels[suspect]]
    order = np.argsort(-margin, kind="stable")
    return Suspicions(suspect[order], best[suspect][order], margin[order], joint)
