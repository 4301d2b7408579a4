"""Draw what was cut out as MNIST's digits are drawn, for many candidates at once."""

import cv2
import numpy as np

from mnist.digits import SIDE, Image
from mnist.images.grey import size_at
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane
from mnist.images.strokes import place
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P


def render(ink: Ink, level: float) -> Image:
    """Give a digit MNIST's stroke width, size and place.

    It is `mnist.images.strokes.redraw` at a smaller scale: a page has a thousand digits.

    Args:
        ink: The digit cropped to its box, shape (h, w); 0 where there is no ink of it.
        level: Typical strength of its ink.

    Returns:
        Shape (28, 28), uint8; black if there is no ink.
    """
    longest = PARAMETERS.box_side * P.drawing_scale
    margin = 2 * P.drawing_scale
    scale = longest / max(ink.shape)
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    large = cv2.resize(np.clip(ink / level, 0, 1), size_at(scale, ink.shape), interpolation=method)
    # In 2 µs; numpy's `pad` takes 50, and a page has thousands of these.
    large = cv2.copyMakeBorder(large, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    mask = (large > min(P.ink_share, 0.9 * float(large.max(initial=0.0)))).astype(np.uint8)
    if not mask.any():
        return np.zeros((SIDE, SIDE), np.uint8)
    sigma = min(PARAMETERS.smoothing * P.drawing_scale, _stroke_width(_distance(mask)) / 6)
    smooth = (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) > 0.5).astype(np.uint8)
    mask = smooth if smooth.any() else mask
    within = _distance(mask)
    width = _stroke_width(within) / P.drawing_scale
    target = min(max(width, PARAMETERS.stroke_width_least), PARAMETERS.stroke_width_most)
    signed = within - _distance(1 - mask)
    moved = signed + max((target - width) / 2 * P.drawing_scale, 0.5 - float(signed.max()))
    drawn = (np.clip(moved + 0.5, 0, 1) * 255).astype(np.uint8)
    left, top, box_width, box_height = cv2.boundingRect(drawn)
    return place(drawn[top : top + box_height, left : left + box_width])


def _stroke_width(distance: Ink) -> float:
    """As `mnist.images.strokes.stroke_width`, from distances that are there already."""
    return 4 * float(distance.sum()) / max(int(np.count_nonzero(distance)), 1)


def _distance(mask: Plane) -> Ink:
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)
