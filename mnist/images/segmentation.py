"""Decide for every pixel whether it is ink, and take printed lines out again."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.images.grey import shrunk
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane


class Segmentation(NamedTuple):
    """Ink separated from ground.

    Attributes:
        mask: Shape (h, w), 1 for ink, 0 for ground.
        level: Typical strength of the ink, 0-1.
        noise: Standard deviation of the ground, 0-1.
    """

    mask: Plane
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
    middle = float(np.median(ink))
    # Median deviations, because ink is an outlier; 1.4826 makes them standard deviations.
    noise = 1.4826 * float(np.median(np.abs(ink - middle)))
    if even:  # a digit may fill half of a drawing, so only what is surely ground is measured
        ground = ink[ink < PARAMETERS.ink_share_even * float(ink.max())]
        noise = 1.4826 * float(np.median(np.abs(ground - np.median(ground))))
    floor = PARAMETERS.least_ink
    if not even:
        floor = max(floor, PARAMETERS.noise_sigmas * noise)
    above = np.clip(ink[ink > floor] * 255, 0, 255).astype(np.uint8)
    if above.size < PARAMETERS.box_side // 4:  # fewer pixels than any stroke has
        return None
    cut, _ = cv2.threshold(above, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    strong = above[above > cut]
    level = float(strong.mean()) / 255 if strong.size else float(above.mean()) / 255
    share = PARAMETERS.ink_share_even if even else PARAMETERS.ink_share
    mask = (ink > max(share * level, floor)).astype(np.uint8)
    cleaned = without_ruling(mask)
    # A digit 1 that crosses the whole picture looks like a line; then it stays.
    return Segmentation(cleaned if cleaned.any() else mask, level, noise)


def without_ruling(mask: Plane) -> Plane:
    """Erase thin straight lines that run from edge to edge, and keep the strokes across them.

    Lines are found by the probabilistic Hough transform (Matas et al. 2000).

    Args:
        mask: Shape (h, w), 0 or 1.
    """
    if min(mask.shape) < PARAMETERS.ruling_least_side:
        return mask
    level = _without_horizontal(mask)
    upright = _without_horizontal(np.ascontiguousarray(level.T))
    return np.ascontiguousarray(upright.T)


def _without_horizontal(mask: Plane) -> Plane:
    small, scale = shrunk(mask * np.uint8(255), PARAMETERS.ruling_side)
    # Averaging makes a thin line grey; a sixth of full ink still counts as line.
    _, small = cv2.threshold(small, 40, 255, cv2.THRESH_BINARY)
    span = PARAMETERS.ruling_span * small.shape[1]
    # Quarters of a degree, and gaps of 8 % of the width, as a worn or crossed line has them.
    lines = cv2.HoughLinesP(
        small, 1, np.pi / 720, int(span / 2), minLineLength=span, maxLineGap=0.08 * small.shape[1]
    )
    if lines is None:
        return mask
    cleaned = mask
    for left, y_left, right, y_right in lines.reshape(-1, 4)[: PARAMETERS.ruling_most].tolist():
        slope = (y_right - y_left) / max(right - left, 1)
        if abs(slope) <= PARAMETERS.ruling_slope:
            cleaned = _erased(cleaned, (y_left - slope * left + 0.5) / scale, slope)
    return cleaned


def _erased(mask: Plane, offset: float, slope: float) -> Plane:
    """Erase the pixels of one line wherever the vertical run of ink is no thicker than the line."""
    height, width = mask.shape
    # So far above and below the line is searched: it was found at reduced size.
    reach = max(4, round(height * PARAMETERS.ruling_thickness))
    columns = np.broadcast_to(np.arange(width)[:, None], (width, 2 * reach + 1))
    rows = np.rint(offset + slope * columns).astype(int) + np.arange(-reach, reach + 1)
    inside = (rows >= 0) & (rows < height)
    rows = np.clip(rows, 0, height - 1)
    band = (mask[rows, columns] > 0) & inside
    runs = band.sum(axis=1)
    inked = runs[runs > 0]
    if inked.size < PARAMETERS.ruling_span * width:  # at full size it does not cross the picture
        return mask
    thickness = float(np.median(inked))
    if thickness > reach:
        return mask
    # Where a stroke crosses, the run of ink is longer than the line is thick, and stays.
    thin = band & (runs <= thickness * 1.5 + 1)[:, None]
    cleaned = mask.copy()
    cleaned[rows[thin], columns[thin]] = 0
    return cleaned
