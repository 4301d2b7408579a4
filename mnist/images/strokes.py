"""Redraw a digit with the stroke width of MNIST."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.images.arrays import Ink, Plane
from mnist.images.parameters import PARAMETERS


class Drawing(NamedTuple):
    """A digit redrawn at a larger scale than MNIST's.

    Attributes:
        picture: Shape (h, w), 0-255, with a margin.
        per_pixel: Its pixels per pixel of MNIST.
        former_width: Mean stroke width before, in pixels of MNIST.
    """

    picture: Plane
    per_pixel: float
    former_width: float


def redraw(ink: Ink, share: float) -> Drawing:
    """Give a digit smooth outlines and strokes as wide as MNIST's.

    MNIST was made from bilevel scans, so the digit is made bilevel first. Then its outline is
    moved along the signed distance transform: out for thin pens, in for thick ones.

    Args:
        ink: Cropped digit, 1 at full ink and 0 on the ground.
        share: Of full ink, where the edge of a stroke is.
    """
    longest = max(PARAMETERS.box_side * PARAMETERS.drawing_scale, *ink.shape)
    per_pixel = longest / PARAMETERS.box_side
    large = _enlarged(ink, longest, margin=round(2 * per_pixel))
    mask = (large > min(share, 0.9 * float(large.max()))).astype(np.uint8)
    sigma = min(PARAMETERS.smoothing * per_pixel, _stroke_width(mask) / 6)
    smooth = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) > 0.5
    if smooth.any():
        mask = smooth.astype(np.uint8)
    width = _stroke_width(mask) / per_pixel
    wanted = min(max(width, PARAMETERS.stroke_width_least), PARAMETERS.stroke_width_most)
    signed = _distance(mask) - _distance(1 - mask)
    # Thinning must leave the core of every stroke, however unlike its strokes are in width.
    moved = signed + max((wanted - width) / 2 * per_pixel, 0.5 - float(signed.max()))
    return Drawing((np.clip(moved + 0.5, 0, 1) * 255).astype(np.uint8), per_pixel, width)


def _enlarged(ink: Ink, longest: int, margin: int) -> Ink:
    scale = longest / max(ink.shape)
    if scale > 1:
        size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
        ink = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return np.pad(ink, margin)


def _stroke_width(mask: Plane) -> float:
    """Across a stroke of width w the distance to its edge averages w / 4."""
    return 4 * float(_distance(mask)[mask > 0].mean())


def _distance(mask: Plane) -> Ink:
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
