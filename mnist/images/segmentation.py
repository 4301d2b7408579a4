"""Decide for every pixel whether it is ink."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.images.arrays import Ink, Plane
from mnist.images.parameters import PARAMETERS
from mnist.images.ruling import without_ruling


class Segmentation(NamedTuple):
    """Ink told from ground.

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
    noise = 1.4826 * float(np.median(np.abs(ink - middle)))
    if even:
        ground = ink[ink < PARAMETERS.ink_share_even * float(ink.max())]
        noise = 1.4826 * float(np.median(np.abs(ground - np.median(ground))))
    floor = PARAMETERS.least_ink
    if not even:
        floor = max(floor, PARAMETERS.noise_sigmas * noise)
    above = np.clip(ink[ink > floor] * 255, 0, 255).astype(np.uint8)
    if above.size < PARAMETERS.box_side // 4:
        return None
    cut, _ = cv2.threshold(above, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    strong = above[above > cut]
    level = float(strong.mean()) / 255 if strong.size else float(above.mean()) / 255
    share = PARAMETERS.ink_share_even if even else PARAMETERS.ink_share
    mask = (ink > max(share * level, floor)).astype(np.uint8)
    cleaned = without_ruling(mask)
    return Segmentation(cleaned if cleaned.any() else mask, level, noise)
