"""A line of writing as the line network wants it: one picture of fixed height."""

import cv2
import numpy as np

from mnist.images.results import Plane
from mnist.layouts.writing import LineInk

LINE_HEIGHT = 40
"""Rows of pixels of a line image."""

DIGIT_HEIGHT = 28
"""Rows that a digit of usual size has on it."""

MARGIN = 8
"""Empty columns on both sides."""

STRIDE = 4
"""Columns for each step of the network; the width of a line image is a multiple of it."""


def line_image(line: LineInk) -> Plane:
    """Draw a line, shape (LINE_HEIGHT, w), uint8, bright ink on dark ground.

    What rises or hangs far out of the row is cut off.
    """
    ink = np.clip(line.ink / line.level, 0, 1)
    scale = DIGIT_HEIGHT / line.row
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    return framed(np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32))


def framed(ink: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Plane:
    """Put ink, strength 0-1, into the middle of an image of the network's height."""
    spare = LINE_HEIGHT - len(ink)
    if spare < 0:
        ink = ink[-spare // 2 : -spare // 2 + LINE_HEIGHT]
        spare = 0
    width = ink.shape[1] + 2 * MARGIN
    image = np.zeros((LINE_HEIGHT, width + -width % STRIDE), np.uint8)
    top = spare // 2
    image[top : top + len(ink), MARGIN : MARGIN + ink.shape[1]] = np.rint(ink * 255)
    return image
