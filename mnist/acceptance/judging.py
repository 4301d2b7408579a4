"""Whether a prediction is accepted: the one place that says so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
"""One yes or no per image, shape (n,)."""


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """What n predictions are worth to somebody who does not look at the images.

    Attributes:
        unlike: Whether each image is unlike a digit, by its out-of-distribution score.
        no_digit: Whether it is not one digit at all, by the same.
        accepted: Whether no person needs to look at it.
    """

    unlike: Flags
    no_digit: Flags
    accepted: Flags


def judge(
    confidence: NDArray[np.floating],
    ood_scores: NDArray[np.floating],
    warned: Flags,
    *,
    accept_confidence: float,
    ood_threshold: float,
    no_digit_threshold: float,
) -> Judged:
    """Judge predictions, all of shape (n,).

    Args:
        confidence: Largest of the calibrated probabilities, 0-1.
        ood_scores: Larger is less like a digit; NaN where the version gives none.
        warned: Whether something is odd about the image.
        accept_confidence: Least confidence of an accepted prediction.
        ood_threshold: Images with a larger score are unlike a digit.
        no_digit_threshold: Images with a larger one are not one digit.
    """
    unlike = np.asarray(ood_scores > ood_threshold)
    no_digit = np.asarray(ood_scores > no_digit_threshold)
    confident = confidence.astype(np.float64) >= accept_confidence
    return Judged(unlike, no_digit, np.asarray(confident & ~unlike & ~no_digit & ~warned))
