"""What is not one digit: how well a version tells it from digits, on drawn pictures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist.digits import Images
from mnist.evaluation.statistics import Flags
from mnist.scoring.graphs import Predictor
from mnist.training.outliers import draw_outliers

DIGITS = "digits that are like digits"
OTHERS = "pictures that are no digit"

_PICTURES = 600

_SEED = 1_000_003
"""No training draws with it: theirs are days, or what people type."""


def drawn_no_digits(
    sides: Sequence[tuple[Predictor, float]],
    digits: Images,
    of_digits: Sequence[NDArray[np.float32]],
) -> list[dict[str, Flags]]:
    """Let every side tell the same digits from the same pictures that are none.

    Args:
        sides: Who predicts, and its out-of-distribution threshold.
        digits: Single ones that nobody has learned from, shape (n, 28, 28); pictures of several
            are drawn from them.
        of_digits: For each side its out-of-distribution scores of them, shape (n,).

    Returns:
        For each side: which digits are not called unlike a digit, and which other pictures are;
        nothing for a version that has no threshold.
    """
    others = draw_outliers(_PICTURES, digits, seed=_SEED)
    return [
        {
            DIGITS: ~(scores > threshold),
            OTHERS: np.asarray(predictor.outputs(others).ood_scores > threshold),
        }
        if np.isfinite(threshold)
        else {}
        for (predictor, threshold), scores in zip(sides, of_digits, strict=True)
    ]
