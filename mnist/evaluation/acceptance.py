"""Choosing the confidence from which on a prediction is accepted without a person's look."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from mnist.digits import Labels, Outputs, Probabilities
from mnist.evaluation.metrics import require_comparable

NOTHING_ACCEPTED = 2.0
"""A threshold no confidence reaches: every prediction goes to a person."""

_UNFAMILIAR_RATE = 0.005
"""Share of validation digits that may count as unlike a digit, and go to a person."""


def accept_confidence(
    labels: Labels,
    probabilities: Probabilities,
    *,
    max_error_rate: float,
    assurance: float = 0.95,
) -> float:
    """Choose the lowest confidence from which on predictions are accepted without a person's look.

    The upper Clopper-Pearson bound of the share of wrong ones among the accepted ones must
    not exceed the target (Clopper and Pearson 1934).

    Args:
        labels: True digits, shape (n,), of images the model has not learned from.
        probabilities: The model's calibrated ones, shape (n, 10).
        max_error_rate: Largest tolerable share of wrong predictions among accepted ones, 0-1.
        assurance: Confidence of the one-sided bound.

    Returns:
        A confidence; `NOTHING_ACCEPTED` if these images cannot show that any threshold
        keeps the target.

    Raises:
        InvalidEvaluation: If labels and probabilities cannot be compared.
    """
    require_comparable(labels, probabilities)
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    wrong = np.cumsum(probabilities.argmax(axis=1)[order] != labels[order])
    accepted = np.arange(1, len(labels) + 1)
    bound: NDArray[np.float64] = np.where(
        wrong < accepted, beta.ppf(assurance, wrong + 1, accepted - wrong), 1.0
    )
    last_of_ties = np.append(ranked[1:] < ranked[:-1], [True])
    kept = np.flatnonzero((bound <= max_error_rate) & last_of_ties)
    return float(ranked[kept[-1]]) if len(kept) else NOTHING_ACCEPTED


def review_thresholds(
    labels: Labels, outputs: Outputs, max_accepted_error_rate: float
) -> tuple[float, float]:
    """Choose `accept_confidence` and `ood_threshold` of a model version.

    Args:
        labels: True digits, shape (n,), of images the model has not learned from.
        outputs: Of its scoring graph for them.
        max_accepted_error_rate: Largest tolerable share of wrong predictions among accepted ones.
    """
    accept = accept_confidence(
        labels, outputs.probabilities, max_error_rate=max_accepted_error_rate
    )
    return accept, float(np.quantile(outputs.ood_scores, 1 - _UNFAMILIAR_RATE))
