"""What a model makes of decoded images: the same code behind every door.

The online API and the drawing board come through `read_digits`, batches through the columns of
`judge` below it, so an image gets the same digit, confidence and need of review wherever it is
handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist.digits import Images, ImageWarning, Probabilities
from mnist.images import Decoded

Predict = Callable[[Images], Probabilities]
"""Images (n, 28, 28) uint8 to calibrated probabilities (n, 10)."""


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """The model version a run holds on to from its start to its end.

    Attributes:
        name: Registered model.
        version: Its version in the registry.
        digest: SHA-256 of its scoring graph.
        accept_confidence: Readings with at least this confidence and no warning need no review.
    """

    name: str
    version: str
    digest: str
    accept_confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One image as a model reads it.

    Attributes:
        digit: Most probable digit, 0-9.
        confidence: Its calibrated probability, 0-1.
        margin: How far the second most probable digit is behind, 0-1.
        probabilities: Of the digits 0 to 9, summing to 1.
        warnings: What is odd about the image.
        accepted: Whether no person needs to look at it.
    """

    digit: int
    confidence: float
    margin: float
    probabilities: tuple[float, ...]
    warnings: tuple[ImageWarning, ...]
    accepted: bool


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """What probabilities (n, 10) say, as columns of shape (n,)."""

    digit: NDArray[np.int64]
    confidence: NDArray[np.float32]
    margin: NDArray[np.float32]
    accepted: NDArray[np.bool_]


def judge(probabilities: Probabilities, warned: NDArray[np.bool_], model: PinnedModel) -> Judged:
    """Say which digit each image shows, how surely, and whether a person needs to look at it.

    Args:
        probabilities: Shape (n, 10).
        warned: Whether something is odd about each image, shape (n,).
        model: Says from which confidence on a reading is accepted.
    """
    ranked = np.sort(probabilities, axis=1)
    confidence = ranked[:, -1]
    return Judged(
        digit=probabilities.argmax(axis=1),
        confidence=confidence,
        margin=confidence - ranked[:, -2],
        accepted=~warned & (confidence.astype(np.float64) >= model.accept_confidence),
    )


def read_digits(images: Sequence[Decoded], model: PinnedModel, predict: Predict) -> list[Reading]:
    """Read decoded images with one model version.

    Args:
        images: Any number, from `mnist.images.decode`.
        model: Says from which confidence on a reading is accepted.
        predict: Its scoring graph.
    """
    if not images:
        return []
    probabilities = predict(np.stack([image.pixels for image in images]))
    judged = judge(probabilities, np.array([bool(image.warnings) for image in images]), model)
    return [
        Reading(
            digit=digit,
            confidence=confidence,
            margin=margin,
            probabilities=tuple(each),
            warnings=image.warnings,
            accepted=accepted,
        )
        for image, each, digit, confidence, margin, accepted in zip(
            images,
            probabilities.tolist(),
            judged.digit.tolist(),
            judged.confidence.tolist(),
            judged.margin.tolist(),
            judged.accepted.tolist(),
            strict=True,
        )
    ]
