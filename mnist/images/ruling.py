"""Printed lines: those of ruled and squared paper, and what is left of a form's boxes.

A straight stroke is long and thin as well. What tells them apart: printed lines come in rows, or
run from edge to edge, and the pen is wider than they are.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.median import median
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane
from mnist.images.strokes import stroke_width


class PrintedLine(NamedTuple):
    """A thin line across a picture, from left to right.

    Attributes:
        pixels: Its rows and columns, without those where a stroke crosses it.
        middle: Row in the middle of the picture.
        thickness: Median height, in pixels.
        whole: Whether it reaches both edges.
    """

    pixels: tuple[NDArray[np.intp], NDArray[np.intp]]
    middle: float
    thickness: float
    whole: bool


def without_ruling(mask: Plane) -> Plane:
    """Erase printed lines, and keep the strokes across them.

    Args:
        mask: Shape (h, w), 0 or 1.
    """
    if min(mask.shape) < PARAMETERS.ruling_least_side:
        return mask
    least_height, least_width = (PARAMETERS.ruling_span * side for side in mask.shape)
    _, _, width, height = cv2.boundingRect(mask)
    if width < least_width and height < least_height:  # as most digits, which leave a margin
        return mask
    if _may_be_crossed(mask):
        mask = _without_horizontal(mask)
    if not _may_be_crossed(mask.T):
        return mask
    return np.ascontiguousarray(_without_horizontal(np.ascontiguousarray(mask.T)).T)


def _may_be_crossed(mask: Plane) -> bool:
    """Whether ink is in so many columns as a line has."""
    return bool(np.count_nonzero(mask.max(axis=0)) >= PARAMETERS.ruling_span * mask.shape[1])


def _without_horizontal(mask: Plane) -> Plane:
    lines = list(_lines(mask))
    writing = _erased(mask, lines)
    if not lines or not writing.any():
        return mask
    pen = stroke_width(writing)
    rows = _count_rows(lines)
    printed = [
        line
        for line in lines
        if rows >= PARAMETERS.ruling_rows
        or ((rows > 1 or line.whole) and line.thickness <= PARAMETERS.ruling_to_pen * pen)
    ]
    return _erased(mask, printed)


def _erased(mask: Plane, lines: Sequence[PrintedLine]) -> Plane:
    cleaned = mask.copy()
    for line in lines:
        cleaned[line.pixels] = 0
    return cleaned


def _count_rows(lines: Sequence[PrintedLine]) -> int:
    """Count lines that lie apart; one line is found several times."""
    middles = np.sort([line.middle for line in lines])
    apart = 2 * max(line.thickness for line in lines)
    return 1 + int(np.count_nonzero(np.diff(middles) > apart))


def _lines(mask: Plane) -> Iterator[PrintedLine]:
    small, scale = shrunk(mask * np.uint8(255), PARAMETERS.ruling_side)
    # Averaging makes a thin line grey; a sixth of full ink still counts as line.
    _, small = cv2.threshold(small, 40, 255, cv2.THRESH_BINARY)
    rows = _straight_rows(np.asarray(small, np.uint8))
    for left, right in islice(rows, PARAMETERS.ruling_most):
        slope = (right - left) / small.shape[1]
        line = _measured(mask, (left + 0.5) / scale, slope)
        if line is not None:
            yield line


def _straight_rows(small: Plane) -> Iterator[tuple[float, float]]:
    """Find nearly level lines by the Hough transform (Duda and Hart 1972), the strongest first.

    Yields:
        Row at the left and at the right edge, in pixels.
    """
    width = small.shape[1]
    steepest = np.arctan(PARAMETERS.ruling_slope)
    lines = cv2.HoughLines(
        small,
        rho=1,
        theta=np.pi / 720,
        threshold=int(PARAMETERS.ruling_votes * width),
        min_theta=np.pi / 2 - steepest,
        max_theta=np.pi / 2 + steepest,
    )
    ends: list[tuple[float, float]] = []
    for distance, angle in () if lines is None else lines.reshape(-1, 2).tolist():
        left = distance / np.sin(angle)
        right = left - width * np.cos(angle) / np.sin(angle)
        # The same line is found again at its sides and at other angles.
        if all(abs(left - a) + abs(right - b) > PARAMETERS.ruling_apart for a, b in ends):
            ends.append((left, right))
            yield left, right


def _measured(mask: Plane, offset: float, slope: float) -> PrintedLine | None:
    """Look at a line at full size; None if it is too thick, or does not cross the picture."""
    height, width = mask.shape
    # So far above and below the line is searched: it was found at reduced size.
    reach = max(4, round(height * PARAMETERS.ruling_thickness))
    columns = np.broadcast_to(np.arange(width)[:, None], (width, 2 * reach + 1))
    rows = np.rint(offset + slope * columns).astype(int) + np.arange(-reach, reach + 1)
    inside = (rows >= 0) & (rows < height)
    rows = np.clip(rows, 0, height - 1)
    band = (mask[rows, columns] > 0) & inside
    runs = band.sum(axis=1)
    inked = np.flatnonzero(runs)
    if inked.size < PARAMETERS.ruling_span * width:
        return None
    thickness = median(runs[inked])
    if thickness > reach:
        return None
    # Where a stroke crosses, the run of ink is longer than the line is thick, and stays.
    thin = band & (runs <= thickness * 1.5 + 1)[:, None]
    near = PARAMETERS.ruling_edge * width
    whole = bool(inked[0] <= near and inked[-1] >= width - 1 - near)
    return PrintedLine((rows[thin], columns[thin]), offset + slope * width / 2, thickness, whole)
