"""Drawing strokes of a pen as MNIST would show them."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import Image
from mnist.images.parameters import PARAMETERS
from mnist.images.strokes import place

_PER_PIXEL = 4
_BOX = PARAMETERS.box_side * _PER_PIXEL
_FRACTION_BITS = 4
"""Points are drawn to a sixteenth of a pixel."""


def extent(strokes: Sequence[NDArray[np.float32]]) -> float:
    """Measure the longer side of what a pen wrote, in its own unit; 0 without a line."""
    if not strokes:
        return 0.0
    points = np.concatenate(strokes)
    return float(np.ptp(points, axis=0).max())


def draw(strokes: Sequence[NDArray[np.float32]], pen_width: float) -> Image:
    """Draw strokes with a round pen, in the size and place of MNIST's digits.

    Args:
        strokes: Points, shape (k, 2), x to the right and y upwards, with an extent above 0.
        pen_width: In pixels of MNIST.
    """
    thickness = max(1, round(pen_width * _PER_PIXEL))
    points = np.concatenate(strokes)
    left, top = points[:, 0].min(), points[:, 1].max()
    scale = (_BOX - thickness) / extent(strokes)
    canvas = np.zeros((_BOX + 4 * _PER_PIXEL, _BOX + 4 * _PER_PIXEL), np.uint8)
    margin = thickness / 2 + _PER_PIXEL
    lines = []
    for stroke in strokes:
        x = (stroke[:, 0] - left) * scale + margin
        y = (top - stroke[:, 1]) * scale + margin
        lines.append(_without_rests(np.column_stack((x, y))))
    cv2.polylines(canvas, lines, False, 255, thickness, cv2.LINE_AA, _FRACTION_BITS)  # noqa: FBT003 - not closed
    box_left, box_top, width, height = cv2.boundingRect(canvas)
    return place(canvas[box_top : box_top + height, box_left : box_left + width])


def _without_rests(points: NDArray[np.float32]) -> NDArray[np.int32]:
    """Drop points where the pen hardly moved, which change nothing and take most of the time."""
    halves = (2 * points).round()
    moved = np.append(True, (halves[1:] != halves[:-1]).any(axis=1))
    kept = points[moved]
    fixed = (kept * (1 << _FRACTION_BITS)).round().astype(np.int32)
    return np.repeat(fixed, 2 if len(fixed) == 1 else 1, axis=0)  # a spot is a line of no length
