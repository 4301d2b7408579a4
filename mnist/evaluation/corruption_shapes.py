"""What corruptions are made of: clouds and lines."""

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mnist.digits import SIDE

Point = tuple[float, float]
"""Column and row, in pixels."""


def plasma(generator: Generator, side: int = 256, decay: float = 1.4) -> NDArray[np.float64]:
    """Return clouds that repeat at their edges, 0-1, by the diamond-square algorithm."""
    heights = np.zeros((1, 1))
    roughness = 1.0
    while len(heights) < side:
        size = len(heights)
        noise = roughness * generator.uniform(-1, 1, (3, size, size))
        below, right = np.roll(heights, -1, 0), np.roll(heights, -1, 1)
        centres = (heights + below + right + np.roll(below, -1, 1)) / 4 + noise[0]
        finer = np.empty((2 * size, 2 * size))
        finer[::2, ::2], finer[1::2, 1::2] = heights, centres
        finer[::2, 1::2] = (heights + right + centres + np.roll(centres, 1, 0)) / 4 + noise[1]
        finer[1::2, ::2] = (heights + below + centres + np.roll(centres, 1, 1)) / 4 + noise[2]
        heights = finer
        roughness /= decay**2
    heights -= heights.min()
    return np.asarray(heights / heights.max(), np.float64)


def line(start: Point, end: Point) -> NDArray[np.float64]:
    """Draw a line between two points; it fades out 2.3 rows above and below."""
    columns, rows = np.arange(SIDE), np.arange(SIDE)[:, None]
    height = start[1] + (columns - start[0]) * (end[1] - start[1]) / (end[0] - start[0])
    away = np.clip(np.abs(rows - height) / 2.3, 0, 1 - 1e-10)
    inside = (columns >= math.floor(start[0])) & (columns < math.ceil(end[0]))
    return np.asarray(np.clip(np.log(1 - away) + 1, 0, 1) * inside, np.float64)
