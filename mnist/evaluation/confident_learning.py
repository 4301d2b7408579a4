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
class Suspects:
    """Images whose label may be wrong, the most suspect first.

    Attributes:
        index: Their rows, shape (k,).
        suggested: The digit that the model predicts instead, shape (k,).
        margin: Probability of that digit minus that of the label, shape (k,), mostly above 0.
        confident: Whether the confident joint counts the image off its diagonal, shape (k,).
        joint: How many images labelled i count as j (the confident joint), shape (10, 10).
    """

    index: NDArray[np.int64]
    suggested: Labels
    margin: NDArray[np.float64]
    confident: NDArray[np.bool_]
    joint: NDArray[np.int64]


def class_thresholds(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return how sure the model is of each digit, on average, over the images labelled with it.

    Returns:
        Shape (10,), 0-1; infinite for a digit without images, which nothing can reach.
    """
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    sums = np.bincount(labels, weights=own, minlength=CLASSES)
    counts = np.bincount(labels, minlength=CLASSES)
    thresholds = np.full(CLASSES, np.inf)
    np.divide(sums, counts, out=thresholds, where=counts > 0)
    return thresholds


def suspected_label_errors(labels: Labels, probabilities: Probabilities) -> Suspects:
    """Rank the images whose prediction is another digit than their label.

    The confident joint counts an image as digit j if the probability of j reaches the threshold of
    j, the most probable one among several. Off its diagonal lies what the paper calls a label
    issue. A good model's thresholds are so high that few images do, so those below them follow,
    all ordered by the paper's normalised margin.

    Args:
        labels: Digits as given, shape (n,), values 0-9, n > 0.
        probabilities: Out-of-sample predictions, shape (n, 10), rows summing to 1.

    Raises:
        InvalidEvaluation: If labels and probabilities cannot be compared.
    """
    require_comparable(labels, probabilities)
    reached = probabilities >= class_thresholds(labels, probabilities)
    counted = reached.any(axis=1)
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    joint = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(joint, (labels[counted], best[counted]), 1)
    predicted = probabilities.argmax(axis=1)
    issue = counted & (best != labels)
    suspect = np.flatnonzero((predicted != labels) | issue)
    suggested = np.where(issue, best, predicted)[suspect]
    rows, places = probabilities[suspect].astype(np.float64), np.arange(len(suspect))
    margin = rows[places, suggested] - rows[places, labels[suspect]]
    order = np.argsort(-margin, kind="stable")
    return Suspects(suspect[order], suggested[order], margin[order], issue[suspect][order], joint)
