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
    width = mask.shape[1]
    if not (mask[:, : width // 20 + 1].any() and mask[:, -(width // 20) - 1 :].any()):
        return mask
    span = PARAMETERS.ruling_span * width
    found = cv2.HoughLinesP(
        mask, 1, np.pi / 360, int(span / 2), minLineLength=span, maxLineGap=0.05 * width
    )
    if found is None:
        return mask
    cleaned = mask
    for left, y_left, right, y_right in found.reshape(-1, 4).tolist():
        slope = (y_right - y_left) / max(right - left, 1)
        if abs(slope) <= PARAMETERS.ruling_slope:
            cleaned = _erased(cleaned, y_left - slope * left, slope)
    return cleaned


def _erased(mask: Plane, offset: float, slope: float) -> Plane:
    """Erase the pixels of one line wherever the vertical run of ink is no thicker than the line."""
    height, width = mask.shape
    reach = max(3, round(height * PARAMETERS.ruling_thickness))
    columns = np.arange(width)
    rows = np.rint(offset + slope * columns).astype(int)
    window = rows[:, None] + np.arange(-reach, reach + 1)[None]
    band = mask[np.clip(window, 0, height - 1), columns[:, None]] * (
        (window >= 0) & (window < height)
    )
    runs = band.sum(axis=1)
    inked = runs[runs > 0]
    if inked.size < PARAMETERS.ruling_span * width:
        return mask
    thickness = float(np.median(inked))
    if thickness > reach:
        return mask
    thin = (runs <= thickness * 1.5 + 1)[:, None] & (band > 0)
    cleaned = mask.copy()
    cleaned[
        np.clip(window, 0, height - 1)[thin], np.broadcast_to(columns[:, None], thin.shape)[thin]
    ] = 0
    return cleaned
