"""Where a prediction comes from: which parts of an image a model needs to predict its digit.

Occlusion (Zeiler and Fergus 2014, section 4.2) asks the scoring graph alone, so it explains exactly
what is in production and needs no gradients.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnist.digits import SIDE, Image, Images, Probabilities

PATCH = 5
"""Side of the square that is blanked, in pixels: about one and a half strokes."""

_PLACES = SIDE - PATCH + 1


def occlusion(
    predict: Callable[[Images], Probabilities], image: Image, digit: int | None = None
) -> NDArray[np.float32]:
    """Blank each square of an image in turn and see what that does to a digit's probability.

    Costs one prediction of 576 images.

    Args:
        predict: From images (n, 28, 28) to probabilities (n, 10).
        image: Shape (28, 28), uint8, bright ink on dark ground.
        digit: Whose probability is watched, 0-9; by default the one that is read.

    Returns:
        Shape (28, 28), -1 to 1: the mean change over all squares that cover a pixel. Positive
        where the image speaks for the digit, negative where it speaks against it.
    """
    blanked = np.repeat(image[None], _PLACES**2, axis=0)
    squares = sliding_window_view(blanked, (PATCH, PATCH), axis=(1, 2), writeable=True)
    place = np.arange(_PLACES**2)
    squares[place, place // _PLACES, place % _PLACES] = 0
    before = predict(image[None])[0]
    watched = int(before.argmax()) if digit is None else digit
    drops = (before[watched] - predict(blanked)[:, watched]).reshape(_PLACES, _PLACES)
    # A pixel lies under up to 25 squares, fewer at the rim: average over those there are.
    total, covered = _spread(drops), _spread(np.ones_like(drops))
    return np.asarray(total / covered, np.float32)


def _spread(per_square: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum, for each pixel, the values of the squares that cover it, shape (28, 28)."""
    padded = np.pad(per_square.astype(np.float64), PATCH - 1)
    return np.asarray(sliding_window_view(padded, (PATCH, PATCH)).sum(axis=(2, 3)))
