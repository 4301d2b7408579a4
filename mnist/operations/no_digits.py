"""What is not one digit: how well a version tells it from digits, on drawn pictures."""

from collections.abc import Sequence

import numpy as np

from mnist.data.labelled import LabelledImages
from mnist.evaluation.statistics import Flags
from mnist.scoring.graphs import Predictor
from mnist.training.outliers import draw_outliers

DIGITS = "digits that are like digits"
OTHERS = "pictures that are no digit"

_PICTURES = 600

_SEED = 1_000_003
"""No training draws with it: theirs are days, or what people type."""


def told_apart(
    sides: Sequence[tuple[Predictor, float]], test: LabelledImages
) -> list[dict[str, Flags]]:
    """Let every side tell the same digits from the same pictures that are none.

    Args:
        sides: Who predicts, and its out-of-distribution threshold.
        test: Single digits that nobody has learned from; pictures of several are drawn from them.

    Returns:
        For each side: which digits are not called unlike a digit, and which other pictures are;
        nothing for a version that has no threshold.
    """
    others = draw_outliers(_PICTURES, test.images, seed=_SEED)
    told: list[dict[str, Flags]] = []
    for predictor, threshold in sides:
        if not np.isfinite(threshold):
            told.append({})
            continue
        of_digits, of_others = (
            predictor.outputs(images).ood_scores > threshold for images in (test.images, others)
        )
        told.append({DIGITS: ~of_digits, OTHERS: of_others})
    return told
