"""Take away paper, light and shadow, and keep ink."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.arrays import Ink, Plane
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import Levels
from mnist.images.shadows import sheet_in_shadow


def ink_over_ground(plane: Plane, levels: Levels) -> Ink:
    """Estimate the empty sheet and measure what lies over it.

    An even sheet has one grey level. Elsewhere the sheet is what grey closing leaves when strokes
    are narrower than its kernel; a cubic surface takes the slow gradient away first, because
    closing overestimates dark corners. Shadows narrower than the kernel are found by themselves.
    Dark ink takes a share of the light, so the sheet is
    divided out; light ink adds to it, so the sheet is subtracted.
    """
    level = plane.astype(np.float32)
    if levels.even:
        light = plane > levels.threshold
        ground = np.full((1, 1), np.median(level[light != levels.light_on_dark]), np.float32)
    else:
        small = _small(plane, PARAMETERS.ground_side)
        if levels.light_on_dark:
            ground = 255 - _closed(255 - small)
        else:
            ground = sheet_in_shadow(small, _closed(small))
        size = (plane.shape[1], plane.shape[0])
        ground = np.asarray(cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR), np.float32)
    if levels.light_on_dark:
        ink = np.asarray((level - ground) / 255, np.float32)
    else:
        ink = np.asarray(1 - level / np.maximum(ground, 16), np.float32)
    if max(plane.shape) <= PARAMETERS.sharp_side:
        return ink
    sigma = 0.4 + max(plane.shape) / PARAMETERS.working_side
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.float32)


def _closed(small: Ink) -> Ink:
    surface = _surface(small)
    side = max(3, round(max(small.shape) * PARAMETERS.closing_share)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(cv2.medianBlur(small - surface, 3), cv2.MORPH_CLOSE, kernel)
    return np.asarray(cv2.GaussianBlur(closed, (0, 0), side / 6) + surface, np.float32)


def _small(plane: NDArray[Any], side: int) -> Ink:
    scale = min(1.0, side / max(plane.shape))
    size = (max(1, round(plane.shape[1] * scale)), max(1, round(plane.shape[0] * scale)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _surface(small: Ink) -> Ink:
    """Fit a cubic polynomial to the sheet, leaving out what is darker (ink) in each round."""
    coarse = _small(small, PARAMETERS.surface_side)
    terms, values = _cubic_terms(coarse.shape), coarse.ravel().astype(np.float64)
    kept = np.ones(values.size, bool)
    weights: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(4):
        if kept.sum() < 4 * terms.shape[1]:
            break
        solution = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        weights = np.asarray(solution, np.float64)
        rest = values - terms @ weights
        spread = 1.4826 * float(np.median(np.abs(rest[kept])))
        kept = (rest > -1.5 * spread - 1) & (rest < 3 * spread + 1)
    return (_cubic_terms(small.shape) @ weights).reshape(small.shape).astype(np.float32)


def _cubic_terms(shape: tuple[int, ...]) -> NDArray[np.float64]:
    y, x = (((np.arange(side) + 0.5) / side * 2 - 1) for side in shape)
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    return np.stack([np.outer(y**j, x**i).ravel() for i, j in powers], axis=-1)
