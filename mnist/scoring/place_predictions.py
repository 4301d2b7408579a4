"""What is predicted for a mini-batch: a digit for each image, a value for each place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Images, Outputs, Probabilities
from mnist.images import Rejection
from mnist.layouts import CheckResult, resolve
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
    contents: Sequence[Content], images: Images, predict: Predict, model: PinnedModel
) -> PredictedContents:
    """Predict all images of a mini-batch at once, and decide what they mean for each place.

    Args:
        contents: What it holds.
        images: Those of the contents in their order, shape (n, 28, 28), uint8.
        predict: The scoring graph.
        model: Says what is unlike a digit.
    """
    outputs = predict(images) if len(images) else _NO_IMAGES
    ink = images.mean(axis=(1, 2)) / 255 if len(images) else np.empty(0)
    if all(content.cut is None for content in contents):
        return PredictedContents([*contents], outputs, ink)
    with_values, digits = [], []
    first = 0
    for content in contents:
        end = first + content.images
        settled = _settled(content, Outputs(*(part[first:end] for part in outputs)), model)
        with_values.append(settled)
        if settled.has_digit:
            digits.append(first + _chosen(settled, outputs.probabilities[first:end]))
        first = end
    return PredictedContents(with_values, Outputs(*(part[digits] for part in outputs)), ink[digits])


def _chosen(content: Content, probabilities: Probabilities) -> int:
    """Say which of its candidates, whose probabilities these are, is the one digit of a content."""
    if content.predicted is None or len(probabilities) == 1:
        return 0
    (mark,) = content.predicted.marks
    return int(np.abs(probabilities - np.array(mark.probabilities)).sum(axis=1).argmin())


def _settled(content: Content, outputs: Outputs, model: PinnedModel) -> Content:
    """Decide what a place holds; what is no place stays as it is."""
    if content.cut is None:
        return content
    predicted = resolve(content.cut, outputs.probabilities, outputs.ood_scores, model.ood_threshold)
    if isinstance(predicted.outcome, Rejection):
        why = predicted.outcome
        return replace(content, reason=why.reason, detail=why.detail, predicted=predicted)
    detail: str | None = None
    if predicted.check is CheckResult.FAILED:
        would = f"; {predicted.proposal} would pass" if predicted.proposal else ""
        detail = f"The check of the value {predicted.value} failed{would}."
    return replace(content, detail=detail, warnings=predicted.warnings, predicted=predicted)
