"""What is predicted for a mini-batch: a digit for each image, a value for each place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Images, Outputs, Probabilities
from mnist.images import Rejection
from mnist.layouts import CheckResult, Cut, IsNotBelow, PlacePrediction, doubted, resolve, summed
from mnist.places import picture_of
from mnist.scoring.layout_source import LastValues, no_last_values
from mnist.scoring.line_graphs import PredictLine, no_line_network
from mnist.scoring.predictions import PinnedModel, Predict
from mnist.scoring.rows import Content

_NO_IMAGES = Outputs(np.empty((0, CLASSES), np.float32), np.empty(0, np.float32))


class PredictedContents(NamedTuple):
    """What a mini-batch came to.

    Attributes:
        contents: All of them; those of places with what was predicted.
        outputs: For the contents that have one digit, in their order.
        ink: Of their images, the mean of the pixels, 0-1.
    """

    contents: list[Content]
    outputs: Outputs
    ink: NDArray[np.float64]


def resolved(
    contents: Sequence[Content],
    images: Images,
    predict: Predict,
    model: PinnedModel,
    predict_line: PredictLine = no_line_network,
    last_values: LastValues = no_last_values,
) -> PredictedContents:
    """Predict all images of a mini-batch at once, and decide what they mean for each place.

    Args:
        contents: What it holds.
        images: Those of the contents in their order, shape (n, 28, 28), uint8.
        predict: The scoring graph.
        model: Says what is unlike a digit.
        predict_line: Its line network, which lines of several digits are shown to as a whole.
        last_values: Tells what counted last in places whose values must not go down.
    """
    outputs = predict(images) if len(images) else _NO_IMAGES
    ink = images.mean(axis=(1, 2)) / 255 if len(images) else np.empty(0)
    if all(content.cut is None for content in contents):
        return PredictedContents([*contents], outputs, ink)
    ends = np.cumsum([content.images for content in contents]).tolist()
    starts = [0, *ends[:-1]]
    lasts = _lasts(contents, last_values)
    predictions = _predictions(contents, outputs, starts, model, predict_line, lasts)
    with_values, digits = [], []
    for content, predicted, first, end in zip(contents, predictions, starts, ends, strict=True):
        settled = content if predicted is None else _settled(content, predicted)
        with_values.append(settled)
        if settled.has_digit:
            digits.append(first + _chosen(settled, outputs.probabilities[first:end]))
    return PredictedContents(with_values, Outputs(*(part[digits] for part in outputs)), ink[digits])


def predict_place(
    cut: Cut, model: PinnedModel, predict: Predict, predict_line: PredictLine = no_line_network
) -> PlacePrediction:
    """Predict one place by itself, without what the rest of its page says about it.

    Args:
        cut: What was cut out for it.
        model: Says what is unlike a digit, and from which confidence on a value is accepted.
        predict: The scoring graph.
        predict_line: Its line network.
    """
    outputs = predict(cut.candidates) if len(cut.candidates) else _NO_IMAGES
    return _resolved(cut, outputs, model, predict_line)


def _resolved(
    cut: Cut,
    outputs: Outputs,
    model: PinnedModel,
    predict_line: PredictLine,
    last: str | None = None,
) -> PlacePrediction:
    return resolve(
        cut,
        outputs.probabilities,
        outputs.ood_scores,
        model.ood_threshold,
        predict_line(cut.line),
        model.accept_value_confidence,
        last,
    )


def _chosen(content: Content, probabilities: Probabilities) -> int:
    """Say which of its candidates, whose probabilities these are, is the one digit of a content."""
    if content.predicted is None or len(probabilities) == 1:
        return 0
    (mark,) = content.predicted.marks
    return int(np.abs(probabilities - np.array(mark.probabilities)).sum(axis=1).argmin())


def _predictions(
    contents: Sequence[Content],
    outputs: Outputs,
    starts: Sequence[int],
    model: PinnedModel,
    predict_line: PredictLine,
    lasts: Mapping[str, str],
) -> list[PlacePrediction | None]:
    """Decide what each place holds, picture by picture; None for what is no place."""
    answers: list[PlacePrediction | None] = []
    numbered = zip(contents, starts, strict=True)
    for _, together in groupby(numbered, lambda one: picture_of(one[0].version)):
        places = list(together)
        cuts = [
            (content.cut, start, lasts.get(content.version.key))
            for content, start in places
            if content.cut is not None
        ]
        if len(cuts) < len(places):
            answers += [None] * len(places)
            continue
        predicted = [
            _resolved(
                cut,
                Outputs(*(part[start : start + len(cut.candidates)] for part in outputs)),
                model,
                predict_line,
                last,
            )
            for cut, start, last in cuts
        ]
        answers += doubted(summed(predicted, [cut for cut, *_ in cuts]))
    return answers


def _lasts(contents: Sequence[Content], last_values: LastValues) -> dict[str, str]:
    """Look up the last values of all places whose check asks for them: key -> value."""
    keys: dict[str, list[str]] = {}
    for content in contents:
        rule = None if content.cut is None else content.cut.content.check
        if isinstance(rule, IsNotBelow):
            keys.setdefault(rule.not_below, []).append(content.version.key)
    lasts: dict[str, str] = {}
    for series, of_series in keys.items():
        lasts |= last_values(series, of_series)
    return lasts


def _settled(content: Content, predicted: PlacePrediction) -> Content:
    """Note in a content what its place holds."""
    if isinstance(predicted.outcome, Rejection):
        why = predicted.outcome
        return replace(content, reason=why.reason, detail=why.detail, predicted=predicted)
    detail: str | None = None
    if predicted.check is CheckResult.FAILED:
        would = f"; {predicted.proposal} would pass" if predicted.proposal else ""
        last = f"; the last one was {predicted.last}" if predicted.last else ""
        detail = f"The check of the value {predicted.value} failed{last}{would}."
    return replace(content, detail=detail, warnings=predicted.warnings, predicted=predicted)
