"""Tell shadows from strokes: both are darker than the paper around them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.arrays import Ink
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import frame_around

_BLACK = 16  # grey level; a sheet is never taken to be darker


def sheet_in_shadow(small: Ink, sheet: Ink) -> Ink:
    """Lower an estimate of the empty sheet to what it is inside of shadows.

    A shadow is wider than a stroke, comes in over the frame, and is lighter than the ink. Wide
    regions that are as dark as the ink are wide strokes, and stay ink.

    Args:
        small: The picture, dark ink on light ground, shape (h, w), 0-255.
        sheet: The empty sheet, as grey closing with a wide kernel leaves it.
    """
    side = max(3, round(max(small.shape) * PARAMETERS.stroke_share)) | 1
    without_strokes = _closed(small, side)
    strokes = small < (1 - PARAMETERS.shadow_depth) * np.maximum(without_strokes, _BLACK)
    if not strokes.any():
        return sheet
    light = np.maximum(sheet, _BLACK)
    ink = float(np.median((small / light)[strokes]))
    shade = np.asarray(without_strokes / light, np.float32)
    shadows = _regions_at_the_frame(shade, side, ink + PARAMETERS.shadow_lightness)
    near = cv2.dilate(shadows.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return np.where(near, np.minimum(without_strokes, sheet), sheet).astype(np.float32)


def _closed(small: Ink, side: int) -> Ink:
    """Fill what is narrower than a stroke; what the frame cuts is taken to go on beyond it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    beyond = np.pad(cv2.medianBlur(small, 3), side, mode="edge")
    closed = cv2.morphologyEx(beyond, cv2.MORPH_CLOSE, kernel)
    return np.asarray(closed[side:-side, side:-side], np.float32)


def _regions_at_the_frame(light: Ink, length: int, darkest: float) -> NDArray[np.bool_]:
    """Mark regions in the shade that meet the frame for so long and are light enough."""
    shade = (light < 1 - PARAMETERS.shadow_depth).astype(np.uint8)
    count, found = cv2.connectedComponents(shade, connectivity=4)
    labels = np.asarray(found, np.int32)
    met = np.bincount(frame_around(labels), minlength=count)
    chosen = [
        region
        for region in range(1, count)
        if met[region] >= length and float(np.median(light[labels == region])) > darkest
    ]
    return np.isin(labels, chosen)
