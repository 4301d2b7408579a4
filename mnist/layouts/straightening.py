"""Turn a page so that its printed lines run along its sides, also where it was seen at an angle."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.polarity import levels_of
from mnist.images.results import Ink, Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P

Homography = NDArray[np.float64]
"""Shape (3, 3), from points of one picture to those of another."""


def thin_ink(plane: Plane) -> Ink:
    """Measure what is thin and darker than its surroundings: lines and strokes.

    Returns:
        Shape of the plane, 0 on paper, 1 for black on white.
    """
    if levels_of(plane).light_on_dark:
        plane = np.asarray(cv2.bitwise_not(plane), np.uint8)
    side = max(9, round(max(plane.shape) / 100)) | 1
    ground = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    ground = cv2.blur(ground, (side, side)).astype(np.float32)
    return np.clip(1 - plane / np.maximum(ground, 16), 0, 1).astype(np.float32)


def straightened(ink: Ink) -> Homography:
    """Find the homography that makes lines level and upright.

    The slope of level lines is measured in the upper and in the lower half of the picture, that of
    upright lines in the left and in the right one; four such lines are made a rectangle.

    Returns:
        From the picture to one of the same size.
    """
    height, width = ink.shape
    # Strokes are darker than lines, and are not to outweigh them.
    small, _ = shrunk(np.minimum(ink, P.line_strong), P.skew_side)
    level = [_slope(part) for part in _halves(small)]
    upright = [_slope(part) for part in _halves(np.ascontiguousarray(small.T))]
    quarters = (0.25, 0.75)
    rows = [(y * height, slope) for y, slope in zip(quarters, level, strict=True)]
    columns = [(x * width, slope) for x, slope in zip(quarters, upright, strict=True)]
    seen, upright_points = [], []
    for y, across in rows:
        for x, down in columns:
            seen.append(_crossing(y, across, x, down, (width / 2, height / 2)))
            upright_points.append((x, y))
    return np.asarray(
        cv2.getPerspectiveTransform(
            np.asarray(seen, np.float32), np.asarray(upright_points, np.float32)
        ),
        np.float64,
    )


def _halves(ink: Ink) -> tuple[Ink, Ink]:
    """Cut into an upper and a lower part; they overlap, so that each shows some lines."""
    height = len(ink)
    return ink[: height // 2 + 1], ink[height // 2 :]


def _crossing(
    y: float, across: float, x: float, down: float, middle: tuple[float, float]
) -> tuple[float, float]:
    """Cross the level line through (middle, y) and the upright one through (x, middle)."""
    # y' = y + across (x' - mx) and x' = x + down (y' - my), solved for x' and y'.
    mx, my = middle
    x_crossing = (x + down * (y - across * mx - my)) / (1 - down * across)
    return x_crossing, y + across * (x_crossing - mx)


def _slope(ink: Ink) -> float:
    """Tangent of the angle at which lines fall to the right, by the sharpest projection."""
    coarse = np.arange(-P.skew_most, P.skew_most + 1e-6, P.skew_step)
    best = _sharpest(ink, coarse)
    best = _sharpest(ink, best + np.arange(-P.skew_step, P.skew_step + 1e-6, P.skew_step / 5))
    return float(np.tan(np.deg2rad(best)))


def _sharpest(ink: Ink, degrees: NDArray[np.float64]) -> float:
    height, width = ink.shape
    sharpness = []
    for angle in degrees:
        # Sheared by columns, a line that falls by this angle becomes level.
        slope = np.tan(np.deg2rad(angle))
        matrix = np.array([[1, 0, 0], [-slope, 1, slope * width / 2]], np.float32)
        turned = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)
        profile = turned.mean(axis=1)
        sharpness.append(float((np.diff(profile) ** 2).sum()))
    # Flat around the best for a page without lines: nearest to none at all is taken.
    ranked = np.asarray(sharpness) - 1e-12 * np.abs(degrees)
    return float(degrees[int(np.argmax(ranked))])
