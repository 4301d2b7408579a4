"""The least confidence that keeps the promise, from predictions whose truth is known.

The promise is a share: at most so many wrong among the accepted ones. Fixed-sequence testing
(Angelopoulos et al. 2021, "Learn then Test", section 2.2) holds thresholds to it from the
strictest on: each is tested by the exact one-sided bound of Clopper and Pearson, and the first that
fails ends the sequence. So the choice among many thresholds costs no assurance, as picking the best
of them would. Where the sequence begins depends on confidences alone, never on labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from mnist.digits import Labels, Outputs, Probabilities
from mnist.errors import InvalidEvaluation
from mnist.evaluation.metrics import require_comparable

NOTHING_ACCEPTED = 2.0
"""A threshold no confidence reaches: every prediction goes to a person."""

GRID: NDArray[np.float64] = 1 - 10 ** (-np.arange(50, 2, -1) / 10)
"""Thresholds that are tested, the strictest first: .99999 down to about .5."""

_UNFAMILIAR_RATE = 0.002
"""Share of validation digits that may count as unlike a digit, and go to a person."""

_NO_DIGIT_RATE = 0.0005
"""Share of validation digits that may be taken for something else than one digit."""

_HALF = 0.5
"""Share of the labelled predictions that the first threshold of a sequence accepts at least."""


@dataclass(frozen=True, eq=False)
class JudgedPredictions:
    """Predictions about which only the confidence decides, and whether each is wrong.

    Attributes:
        source: Where the images come from.
        confidence: Shape (n,), 0-1.
        wrong: Shape (n,).
    """

    source: str
    confidence: NDArray[np.float64]
    wrong: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.confidence.shape != self.wrong.shape or self.confidence.ndim != 1:
            raise InvalidEvaluation(
                f"The predictions of {self.source!r} have confidences of shape "
                f"{self.confidence.shape} and truths of shape {self.wrong.shape}; expected (n,) "
                "for both."
            )

    def accepted(self, threshold: float) -> tuple[int, int]:
        """Count the predictions with at least this confidence, and the wrong ones among them."""
        within = self.confidence >= threshold
        return int(within.sum()), int(self.wrong[within].sum())


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised about accepted predictions.

    Attributes:
        max_error_rate: Largest share of wrong ones among them, 0-1.
        assurance: Confidence of the one-sided bound, 0-1.
    """

    max_error_rate: float
    assurance: float = 0.95

    @property
    def least_accepted(self) -> int:
        """How many accepted predictions, none of them wrong, show that it is kept."""
        return ceil(log(1 - self.assurance) / log(1 - self.max_error_rate))

    def upper(self, wrong: int, accepted: int) -> float:
        """Bound the share of wrong ones from above; 1 where nothing was accepted."""
        if wrong >= accepted:
            return 1.0
        return float(beta.ppf(self.assurance, wrong + 1, accepted - wrong))

    def lower(self, wrong: int, accepted: int) -> float:
        """Bound the share of wrong ones from below; 0 where nothing was wrong."""
        return float(beta.ppf(1 - self.assurance, wrong, accepted - wrong + 1)) if wrong else 0.0

    def is_kept(self, wrong: int, accepted: int) -> bool:
        """Whether these predictions show that it is kept."""
        return self.upper(wrong, accepted) <= self.max_error_rate

    def is_broken(self, wrong: int, accepted: int) -> bool:
        """Whether these predictions show that it is not kept."""
        return self.lower(wrong, accepted) > self.max_error_rate


def judged_predictions(
    probabilities: Probabilities, labels: Labels, source: str
) -> JudgedPredictions:
    """Hold predictions against labels: how an evaluation set becomes evidence.

    Args:
        probabilities: The model's calibrated ones, shape (n, 10), of images without a warning.
        labels: True digits, shape (n,).
        source: Where the images come from.

    Raises:
        InvalidEvaluation: If labels and probabilities cannot be compared.
    """
    require_comparable(labels, probabilities)
    confidence = probabilities.max(axis=1).astype(np.float64)
    return JudgedPredictions(source, confidence, probabilities.argmax(axis=1) != labels)


def joined(parts: Sequence[JudgedPredictions], source: str) -> JudgedPredictions:
    """Join predictions under one name."""
    return JudgedPredictions(
        source,
        np.concatenate([np.empty(0), *(part.confidence for part in parts)]),
        np.concatenate([np.empty(0, bool), *(part.wrong for part in parts)]),
    )


def proven_threshold(predictions: JudgedPredictions, promise: Promise) -> float | None:
    """Choose the least threshold of the grid that these predictions show to keep the promise.

    Returns:
        None if they are too few, or too many of them wrong, to show it for any.
    """
    least = max(promise.least_accepted, _HALF * len(predictions.confidence))
    chosen = None
    for threshold in GRID:
        accepted, wrong = predictions.accepted(threshold)
        if accepted < least:
            continue
        if not promise.is_kept(wrong, accepted):
            break
        chosen = float(threshold)
    return chosen


def accept_confidence(
    labels: Labels,
    probabilities: Probabilities,
    *,
    max_error_rate: float,
    assurance: float = 0.95,
) -> float:
    """Choose the confidence from which on predictions are accepted, from one set of labels.

    Args:
        labels: True digits, shape (n,), of images the model has not learned from.
        probabilities: The model's calibrated ones, shape (n, 10).
        max_error_rate: Largest tolerable share of wrong predictions among accepted ones, 0-1.
        assurance: Confidence of the one-sided bound.

    Returns:
        A confidence; `NOTHING_ACCEPTED` if these images cannot show that any threshold keeps the
        promise.

    Raises:
        InvalidEvaluation: If labels and probabilities cannot be compared.
    """
    predictions = judged_predictions(probabilities, labels, "")
    threshold = proven_threshold(predictions, Promise(max_error_rate, assurance))
    return NOTHING_ACCEPTED if threshold is None else threshold


class ReviewThresholds(NamedTuple):
    """What decides which predictions of a model version a person looks at.

    Attributes:
        accept_confidence: Least confidence of an accepted prediction.
        ood_threshold: Images with a larger out-of-distribution score are unlike a digit.
        no_digit_threshold: Images with a larger one are not one digit.
    """

    accept_confidence: float
    ood_threshold: float
    no_digit_threshold: float


def review_thresholds(
    labels: Labels, outputs: Outputs, max_accepted_error_rate: float
) -> ReviewThresholds:
    """Choose the thresholds of a model version.

    Args:
        labels: True digits, shape (n,), of images the model has not learned from.
        outputs: Of its scoring graph for them.
        max_accepted_error_rate: Largest tolerable share of wrong predictions among accepted ones.
    """
    accept = accept_confidence(
        labels, outputs.probabilities, max_error_rate=max_accepted_error_rate
    )
    rates = (1 - _UNFAMILIAR_RATE, 1 - _NO_DIGIT_RATE)
    return ReviewThresholds(accept, *np.quantile(outputs.ood_scores, rates).tolist())
