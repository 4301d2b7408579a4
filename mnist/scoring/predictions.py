"""What a model predicts for decoded images: the same code behind every door.

The online API and the drawing board come through `predict_digits`, batches through the columns of
`columns_of` below it, so an image gets the same digit, confidence and need of review wherever it is
handed in.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist.acceptance.judging import judge
from mnist.digits import Images, ImageWarning, Outcome, Outputs
from mnist.images import Decoded
from mnist.layouts.parameters import LAYOUT_PARAMETERS

Predict = Callable[[Images], Outputs]
"""Images (n, 28, 28) uint8 to what a scoring graph predicts for them."""


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """The model version a run holds on to from its start to its end.

    Attributes:
        name: Registered model.
        version: Its version in the registry.
        digest: SHA-256 of its scoring graph.
        accept_confidence: Predictions with at least this confidence and no warning need no review.
        ood_threshold: Images with a larger out-of-distribution score are unlike a digit.
        no_digit_threshold: Images with a larger one are not one digit.
        accept_value_confidence: The same for values of several digits, each as a whole.
        acceptance_entry: Entry of the acceptance log that chose both; 0 if none did.
        acceptance_evidence: What that rests on, in one sentence; empty if nobody has looked.
        value_evidence: The same for values.
    """

    name: str
    version: str
    digest: str
    accept_confidence: float
    ood_threshold: float = math.inf
    no_digit_threshold: float = math.inf
    accept_value_confidence: float = LAYOUT_PARAMETERS.accept_confidence
    acceptance_entry: int = 0
    acceptance_evidence: str = ""
    value_evidence: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model predicts for one image.

    Attributes:
        outcome: `SCORED`, or `NOT_A_DIGIT`; then the rest is about the digit that it would be.
        digit: Most probable digit, 0-9.
        confidence: Its calibrated probability, 0-1.
        margin: How far the second most probable digit is behind, 0-1.
        probabilities: Of the digits 0 to 9, summing to 1.
        ood_score: Larger is less like a digit; None from a version without.
        warnings: What is odd about the image.
        accepted: Whether no person needs to look at it.
    """

    outcome: Outcome
    digit: int
    confidence: float
    margin: float
    probabilities: tuple[float, ...]
    ood_score: float | None
    warnings: tuple[ImageWarning, ...]
    accepted: bool


@dataclass(frozen=True, eq=False, slots=True)
class PredictionColumns:
    """What the outputs for n images say, as columns of shape (n,)."""

    digit: NDArray[np.int64]
    confidence: NDArray[np.float32]
    margin: NDArray[np.float32]
    unlike: NDArray[np.bool_]
    no_digit: NDArray[np.bool_]
    accepted: NDArray[np.bool_]


def columns_of(
    outputs: Outputs, warned: NDArray[np.bool_], model: PinnedModel
) -> PredictionColumns:
    """Say which digit each image shows, how surely, and whether a person needs to look at it.

    Args:
        outputs: Of the scoring graph, for n images.
        warned: Whether something is odd about each image, shape (n,).
        model: Says from which confidence on a prediction is accepted, and what is unlike a digit.
    """
    ranked = np.sort(outputs.probabilities, axis=1)
    confidence = ranked[:, -1]
    judged = judge(
        confidence,
        outputs.ood_scores,
        warned,
        accept_confidence=model.accept_confidence,
        ood_threshold=model.ood_threshold,
        no_digit_threshold=model.no_digit_threshold,
    )
    return PredictionColumns(
        digit=outputs.probabilities.argmax(axis=1),
        confidence=confidence,
        margin=confidence - ranked[:, -2],
        unlike=judged.unlike,
        no_digit=judged.no_digit,
        accepted=judged.accepted,
    )


def predict_digits(
    images: Sequence[Decoded], model: PinnedModel, predict: Predict
) -> list[Prediction]:
    """Predict the digits of decoded images with one model version.

    Args:
        images: Any number, from `mnist.images.decode`.
        model: Says from which confidence on a prediction is accepted.
        predict: Its scoring graph.
    """
    if not images:
        return []
    outputs = predict(np.stack([image.pixels for image in images]))
    columns = columns_of(outputs, np.array([bool(image.warnings) for image in images]), model)
    return [
        Prediction(
            outcome=Outcome.NOT_A_DIGIT if columns.no_digit[i] else Outcome.SCORED,
            digit=int(columns.digit[i]),
            confidence=float(columns.confidence[i]),
            margin=float(columns.margin[i]),
            probabilities=tuple(outputs.probabilities[i].tolist()),
            ood_score=None if math.isnan(outputs.ood_scores[i]) else float(outputs.ood_scores[i]),
            warnings=all_warnings(image.warnings, unlike=bool(columns.unlike[i])),
            accepted=bool(columns.accepted[i]),
        )
        for i, image in enumerate(images)
    ]


def all_warnings(of_shape: tuple[ImageWarning, ...], *, unlike: bool) -> tuple[ImageWarning, ...]:
    """Join what the ink's shape says of an image with what the network says of it."""
    if not unlike or ImageWarning.UNLIKE_A_DIGIT in of_shape:
        return of_shape
    return (*of_shape, ImageWarning.UNLIKE_A_DIGIT)
