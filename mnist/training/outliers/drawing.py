"""Bright lines on a dark page."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Shape (h, w), bright ink on zero."""

Points = NDArray[np.float64]
"""Shape (n, 2), x and y in pixels."""

CANVAS = 72
"""Side of a page in pixels."""


def page() -> Picture:
    """Make an empty page."""
    return np.zeros((CANVAS, CANVAS), np.uint8)


def line(picture: Picture, points: Points | Sequence[Sequence[float]], width: int) -> None:
    """Draw a line through points; a width of -1 fills what it encloses."""
    corners = np.rint(np.asarray(points, np.float64)).astype(np.int32)
    if width < 0:
        cv2.fillPoly(picture, [corners], 255)
    else:
        cv2.polylines(picture, [corners], isClosed=False, color=255, thickness=width)


def around(centre: Points | float, radius: Points | float, turns: Points) -> Points:
    """Give points at these angles (n,), in radians, around a centre."""
    ring = np.stack((np.cos(turns), np.sin(turns)), 1)
    points: Points = np.asarray(centre) + np.asarray(radius).reshape(-1, 1) * ring
    return points


def smoothed(points: Points) -> Points:
    """Give a smooth curve near some points (Chaikin 1974, cutting corners)."""
    for _ in range(3):
        first, second = points[:-1], points[1:]
        points = np.stack((0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second), 1)
        points = points.reshape(-1, 2)
    return points


def trimmed(picture: Picture) -> Picture:
    """Cut off the margins; a picture without ink becomes one pixel."""
    left, top, width, height = cv2.boundingRect((picture > 60).astype(np.uint8))
    return picture[top : top + max(height, 1), left : left + max(width, 1)]
