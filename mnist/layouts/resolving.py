"""Decide which value a place has, from what a model predicts for its candidates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Outcome, Probabilities
from mnist.layouts.checks import CheckResult, check
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.paths import ScoredPath
from mnist.layouts.results import Cut, Mark, PlacePrediction
from mnist.layouts.scoring import network_features
from mnist.layouts.sequences import LineScores
from mnist.layouts.value_parameters import WEIGHTS
from mnist.layouts.valuing import arcs_of, confidence_of, likeliest


def resolve(
    cut: Cut,
    probabilities: Probabilities,
    ood_scores: NDArray[np.float32] | None,
    ood_threshold: float,
    line: LineScores | None = None,
    accept_confidence: float = P.accept_confidence,
    last: str | None = None,
) -> PlacePrediction:
    """Decide which value a place has.

    Args:
        cut: From `mnist.layouts.cut`.
        probabilities: Of its candidates, shape (k, 10).
        ood_scores: Of its candidates, shape (k,); None or NaN from a model without.
        ood_threshold: Images with a larger score are unlike a digit.
        line: What the line network says of `cut.line`; None from a version without one.
        accept_confidence: Least confidence of an accepted value.
        last: The last value of the same place; None if nobody knows one.
    """
    if cut.outcome is not None:
        return PlacePrediction(cut.place, cut.box, cut.outcome, warnings=cut.warnings)
    network = network_features(probabilities, ood_scores, ood_threshold)
    arcs = arcs_of(cut, probabilities, network, WEIGHTS)
    best = likeliest(arcs, probabilities, network, cut.content.count, line)
    miscounted = best is None  # it cannot be cut into so many digits
    best = best or likeliest(arcs, probabilities, network, None, line)
    if best is None:
        return PlacePrediction(cut.place, cut.box, Outcome.EMPTY, warnings=cut.warnings)
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: miscounted,
        ImageWarning.UNLIKE_A_DIGIT: ood_scores is not None
        and bool((ood_scores[list(best.path.segments)] > ood_threshold).any()),
    }
    warnings = tuple(w for w in ImageWarning if w in cut.warnings or doubts.get(w))
    value = text_of(cut, best.path)
    result = check(value, cut.content.check, last)
    confidence = 0.0 if miscounted else confidence_of(best.doubts)
    doubtful = warnings or result is CheckResult.FAILED
    return PlacePrediction(
        cut.place,
        cut.box,
        Outcome.SCORED,
        value,
        confidence,
        result,
        _marks(cut, best.path, probabilities),
        warnings,
        _proposal(cut, best.others, last) if result is CheckResult.FAILED else None,
        accepted=not doubtful and confidence >= accept_confidence,
        last=last,
    )


def doubted(predictions: Sequence[PlacePrediction]) -> list[PlacePrediction]:
    """Doubt all places of a page if many of them are unlike digits.

    It lies upside down, or is another page than the layout is for. A 6 that stands on its head is
    a 9, so none of its places is accepted.

    Args:
        predictions: Of all places of one page.
    """
    scored = [p for p in predictions if p.outcome is Outcome.SCORED]
    unlike = sum(ImageWarning.UNLIKE_A_DIGIT in p.warnings for p in scored)
    if len(scored) < P.page_least or unlike < P.page_unlike * len(scored):
        return list(predictions)
    return [_unlike(p) if p.outcome is Outcome.SCORED else p for p in predictions]


def _unlike(prediction: PlacePrediction) -> PlacePrediction:
    kinds = {*prediction.warnings, ImageWarning.UNLIKE_A_DIGIT}
    warnings = tuple(warning for warning in ImageWarning if warning in kinds)
    return replace(prediction, warnings=warnings, accepted=False)


def _marks(cut: Cut, path: ScoredPath, probabilities: Probabilities) -> tuple[Mark, ...]:
    return tuple(
        Mark(digit, tuple(probabilities[index].tolist()), cut.segments[index].box)
        for digit, index in zip(path.digits, path.segments, strict=True)
    )


def text_of(cut: Cut, path: ScoredPath) -> str:
    """Write a value with the signs between its digits, as far as the layout allows any."""
    signs = dict(cut.symbols)
    parts, boundary = [], 0
    for number, (digit, index) in enumerate(zip(path.digits, path.segments, strict=True)):
        segment = cut.segments[index]
        between = "".join(signs.get(at, "") for at in range(boundary, segment.start))
        if number and not between and segment.start in cut.blanks:
            between = " "
        parts.append(f"{between}{digit}")
        boundary = segment.end
    return "".join(parts)


def _proposal(cut: Cut, others: list[ScoredPath], last: str | None) -> str | None:
    rule, values = cut.content.check, (text_of(cut, path) for path in others)
    return next((text for text in values if check(text, rule, last) is CheckResult.PASSED), None)
