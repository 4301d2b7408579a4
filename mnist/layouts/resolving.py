"""Decide which value a place has, from what a model predicts for its candidates."""

import numpy as np
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Outcome, Probabilities
from mnist.layouts.checks import CheckResult, check
from mnist.layouts.results import Cut, Mark, PlacePrediction


def resolve(
    cut: Cut,
    probabilities: Probabilities,
    ood_scores: NDArray[np.float32] | None,
    ood_threshold: float,
) -> PlacePrediction:
    """Decide which value a place has.

    Args:
        cut: From `mnist.layouts.cut`.
        probabilities: Of its candidates, shape (k, 10).
        ood_scores: Of its candidates, shape (k,); None or NaN from a model without.
        ood_threshold: Images with a larger score are unlike a digit.
    """
    if cut.outcome is not None:
        return PlacePrediction(cut.place, cut.box, cut.outcome, warnings=cut.warnings)
    marks = tuple(
        Mark(int(row.argmax()), tuple(row.tolist()), segment.box)
        for row, segment in zip(probabilities, cut.segments, strict=True)
    )
    value = "".join(str(mark.digit) for mark in marks)
    warnings = cut.warnings
    if ood_scores is not None and bool((ood_scores > ood_threshold).any()):
        warnings = (*warnings, ImageWarning.UNLIKE_A_DIGIT)
    confidence = min(max(mark.probabilities) for mark in marks)
    result = check(value, cut.content.check)
    return PlacePrediction(
        cut.place,
        cut.box,
        Outcome.SCORED,
        value,
        confidence,
        result,
        marks,
        warnings,
        accepted=not warnings and result is not CheckResult.FAILED and confidence >= 0.98,
    )
