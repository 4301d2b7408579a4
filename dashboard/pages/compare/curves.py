"""What a threshold costs, how honest confidences are, and how two versions differ by digit."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from dashboard.components.labelled_predictions import LabelledPredictions
from mnist.acceptance.thresholds import GRID, JudgedPredictions
from mnist.digits import CLASSES
from mnist.evaluation.statistics import mcnemar, proportion_lower_bound, proportion_upper_bound

CURVE = ["images", "threshold", "share", "accepted", "wrong", "rate", "low", "high"]
_TWO_SIDED = 0.975
_BINS = 10


def judged(name: str, predictions: LabelledPredictions) -> JudgedPredictions:
    """Take confidences and mistakes out of labelled predictions."""
    frame = predictions.frame
    return JudgedPredictions(
        name, frame["confidence"].to_numpy(np.float64), ~frame["right"].to_numpy(bool)
    )


def acceptance_curve(
    sources: Iterable[JudgedPredictions], thresholds: Iterable[float] = GRID
) -> pd.DataFrame:
    """Measure, threshold by threshold, how much is accepted and how much of that is wrong.

    Args:
        sources: Labelled predictions of each source; one without predictions is left out.
        thresholds: Confidences from which on a prediction is accepted.

    Returns:
        Columns `images` (the source), `threshold`, `share` (accepted, 0-1), `accepted`, `wrong`,
        `rate` (wrong among accepted, 0-1) with `low` and `high` (95 %, Clopper and Pearson).
        Thresholds that accept nothing have no row.
    """
    levels = list(thresholds)
    lines = []
    for source in sources:
        for threshold in levels:
            accepted, wrong = source.accepted(threshold)
            if accepted:
                lines.append(
                    (
                        source.source,
                        threshold,
                        accepted / len(source.wrong),
                        accepted,
                        wrong,
                        wrong / accepted,
                        proportion_lower_bound(wrong, accepted, confidence=_TWO_SIDED),
                        proportion_upper_bound(wrong, accepted, confidence=_TWO_SIDED),
                    )
                )
    return pd.DataFrame(lines, columns=CURVE)


def reliability(sources: Iterable[JudgedPredictions]) -> pd.DataFrame:
    """Hold confidences against what they promise, in ten bins of confidence.

    Returns:
        Columns `images` (the source), `confidence` (mean of the bin), `accuracy` with `low` and
        `high` (95 %, Clopper and Pearson), and `count`; bins without predictions have no row.
    """
    lines = []
    for source in sources:
        bins = np.minimum((source.confidence * _BINS).astype(int), _BINS - 1)
        for number in np.unique(bins):
            within = bins == number
            count, right = int(within.sum()), int((~source.wrong[within]).sum())
            lines.append(
                (
                    source.source,
                    float(source.confidence[within].mean()),
                    right / count,
                    proportion_lower_bound(right, count, confidence=_TWO_SIDED),
                    proportion_upper_bound(right, count, confidence=_TWO_SIDED),
                    count,
                )
            )
    columns = ["images", "confidence", "accuracy", "low", "high", "count"]
    return pd.DataFrame(lines, columns=columns)


def per_digit(first: LabelledPredictions, second: LabelledPredictions) -> pd.DataFrame:
    """Compare two versions on the same images, digit by digit, the largest change first.

    Returns:
        Columns `digit`, `images`, `wrong before`, `wrong after`, `fixed`, `broken` and `p` (exact
        McNemar test, not corrected for ten digits).
    """
    before, after = (side.frame["right"].to_numpy(bool) for side in (first, second))
    lines = []
    for digit in range(CLASSES):
        of_digit = first.labels == digit
        fixed = int((of_digit & ~before & after).sum())
        broken = int((of_digit & before & ~after).sum())
        lines.append(
            (
                digit,
                int(of_digit.sum()),
                int((of_digit & ~before).sum()),
                int((of_digit & ~after).sum()),
                fixed,
                broken,
                mcnemar(fixed, broken).p_value,
            )
        )
    columns = ["digit", "images", "wrong before", "wrong after", "fixed", "broken", "p"]
    frame = pd.DataFrame(lines, columns=columns)
    change = (frame["fixed"] - frame["broken"]).abs()
    return frame.iloc[change.argsort(kind="stable")[::-1]].reset_index(drop=True)
