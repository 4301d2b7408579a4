"""Decide for every pixel whether it is ink."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.images.median import median
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane
from mnist.images.ruling import without_ruling


class Segmentation(NamedTuple):
    """Ink separated from ground.

    Attributes:
        mask: Shape (h, w), 1 for ink, 0 for ground.
        cut: Strength from which on a pixel is ink, 0-1.
        level: Typical strength of the ink, 0-1.
        noise: Standard deviation of the ground, 0-1.
    """

    mask: Plane
    cut: float
    level: float
    noise: float


def segment(ink: Ink, *, even: bool) -> Segmentation | None:
    """Cut at a share of the typical strength of the ink; None if nothing stands out.

    Strokes are few pixels on much ground, where Otsu's threshold drifts into the noise. So the
    noise is cut off first, and Otsu divides what is left into weak (lines, stains) and ink.

    Args:
        ink: Strength of ink, shape (h, w).
        even: Whether the ground is even, so that its pixels vary by noise alone.
    """
    sample = _thinned(ink)
    # A digit may fill half of a drawing, so only what is surely ground is measured there.
    ground = sample[sample < PARAMETERS.ink_share_even * float(ink.max())] if even else sample
    # Median deviations, because ink is an outlier; 1.4826 makes them standard deviations.
    noise = 1.4826 * median(np.abs(ground - median(ground)))
    floor = PARAMETERS.least_ink
    if not even:
        floor = max(floor, PARAMETERS.noise_sigmas * noise)
    above = ink[ink > floor]
    if above.size < PARAMETERS.box_side // 4:  # fewer pixels than any stroke has
        return None
    level = typical_strength(above)
    share = PARAMETERS.ink_share_even if even else PARAMETERS.ink_share
    cut = max(share * level, floor)
    mask = without_ruling((ink > cut).view(np.uint8))
    return Segmentation(mask, cut, level, noise)


def _thinned(ink: Ink) -> Ink:
    """Take some rows and columns: noise is the same in a part of a picture, and sorting is slow."""
    step = max(1, max(ink.shape) // PARAMETERS.noise_side)
    return ink[::step, ::step]


def typical_strength(above: Ink) -> float:
    """Average the stronger of Otsu's two classes: ink, without lines, stains and rims.

    Args:
        above: Strengths above the noise, so above 0, any shape, at least one.
    """
    values = np.minimum(above * 255, 255).astype(np.uint8).ravel()
    cut, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    strong = values[values > cut]
    strong = strong if strong.size else values
    return cv2.sumElems(strong)[0] / strong.size / 255
