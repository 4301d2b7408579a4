"""Take the printed lines of ruled and squared paper out of a mask of ink."""

import cv2
import numpy as np

from mnist.images.arrays import Plane
from mnist.images.parameters import PARAMETERS


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
    height, width = mask.shape
    scale = min(1.0, PARAMETERS.ruling_side / max(mask.shape))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    _, small = cv2.threshold(small, 40, 255, cv2.THRESH_BINARY)
    span = PARAMETERS.ruling_span * size[0]
    found = cv2.HoughLinesP(
        small, 1, np.pi / 720, int(span / 2), minLineLength=span, maxLineGap=0.08 * size[0]
    )
    if found is None:
        return mask
    cleaned = mask
    for left, y_left, right, y_right in found.reshape(-1, 4)[: PARAMETERS.ruling_most].tolist():
        slope = (y_right - y_left) / max(right - left, 1)
        if abs(slope) <= PARAMETERS.ruling_slope:
            cleaned = _erased(cleaned, (y_left - slope * left + 0.5) / scale, slope)
    return cleaned


def _erased(mask: Plane, offset: float, slope: float) -> Plane:
    """Erase the pixels of one line wherever the vertical run of ink is no thicker than the line."""
    height, width = mask.shape
    reach = max(4, round(height * PARAMETERS.ruling_thickness))
    columns = np.broadcast_to(np.arange(width)[:, None], (width, 2 * reach + 1))
    rows = np.rint(offset + slope * columns).astype(int) + np.arange(-reach, reach + 1)
    inside = (rows >= 0) & (rows < height)
    rows = np.clip(rows, 0, height - 1)
    band = (mask[rows, columns] > 0) & inside
    runs = band.sum(axis=1)
    inked = runs[runs > 0]
    if inked.size < PARAMETERS.ruling_span * width:
        return mask
    thickness = float(np.median(inked))
    if thickness > reach:
        return mask
    thin = band & (runs <= thickness * 1.5 + 1)[:, None]
    cleaned = mask.copy()
    cleaned[rows[thin], columns[thin]] = 0
    return cleaned
