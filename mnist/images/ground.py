"""Take away paper, light and shadow, and keep ink."""

import cv2
import numpy as np

from mnist.images.arrays import Ink, Plane
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import Levels


def ink_over_ground(plane: Plane, levels: Levels) -> Ink:
    """Estimate the empty sheet and measure what lies over it.

    An even sheet has one grey level. Elsewhere the sheet is what grey closing leaves when strokes
    are narrower than its kernel; a cubic surface takes the slow gradient away first, because
    closing overestimates dark corners. Dark ink takes a share of the light, so the sheet is
    divided out; light ink adds to it, so the sheet is subtracted.
    """
    level = plane.astype(np.float32)
    if levels.even:
        light = plane > levels.threshold
        ground = np.full((1, 1), np.median(level[light != levels.light_on_dark]), np.float32)
    else:
        small = _small(plane)
        ground = 255 - _closed(255 - small) if levels.light_on_dark else _closed(small)
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


def _small(plane: Plane) -> Ink:
    scale = min(1.0, PARAMETERS.ground_side / max(plane.shape))
    size = (max(1, round(plane.shape[1] * scale)), max(1, round(plane.shape[0] * scale)))
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _surface(small: Ink) -> Ink:
    """Fit a cubic polynomial to the sheet, leaving out what is darker (ink) in each round."""
    height, width = small.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], axis=-1)
    terms = terms.reshape(-1, terms.shape[-1])
    values = small.ravel().astype(np.float64)
    kept = np.ones(values.size, bool)
    fitted = values
    for _ in range(4):
        fitted = terms @ np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        rest = values - fitted
        spread = 1.4826 * np.median(np.abs(rest[kept]))
        kept = (rest > -1.5 * spread - 1) & (rest < 3 * spread + 1)
        if kept.sum() < 4 * terms.shape[1]:
            break
    return fitted.reshape(height, width).astype(np.float32)
