"""Which grey levels are ink: the lighter or the darker ones."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.images.arrays import Plane
from mnist.images.parameters import PARAMETERS


class Levels(NamedTuple):
    """Grey levels of ink and ground.

    Attributes:
        threshold: Otsu's threshold; pixels above are the lighter class.
        separability: Share of the variance that the two classes explain, 0-1 (Otsu 1979).
        light_on_dark: Whether ink is the lighter class.
    """

    threshold: float
    separability: float
    light_on_dark: bool

    @property
    def even(self) -> bool:
        """Whether the picture has two levels and no gradient worth removing."""
        return self.separability >= PARAMETERS.even_separability


def levels_of(plane: Plane) -> Levels:
    """Find Otsu's two classes, and which of them is ink.

    In an even picture the frame is ground, and votes against the threshold. Under a gradient the
    threshold divides light from shadow instead of ink from paper; there the skewness of what a
    blur leaves behind decides: strokes are few pixels, far from the ground on one side.
    """
    threshold, _ = cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    histogram = np.bincount(plane.ravel(), minlength=256).astype(np.float64)
    separability = _separability(histogram, int(threshold))
    if separability >= PARAMETERS.even_separability:
        frame = frame_of(plane)
        light_on_dark = bool(2 * np.count_nonzero(frame > threshold) <= frame.size)
    else:
        light_on_dark = _detail_skewness(plane) > 0
    return Levels(threshold, separability, light_on_dark)


def frame_of(plane: Plane) -> Plane:
    """Take the outermost pixels as a flat array: mostly ground in a picture of a digit."""
    return np.concatenate((plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]))


def _separability(histogram: np.ndarray, threshold: int) -> float:
    values = np.arange(256)
    total = histogram.sum()
    mean = (histogram * values).sum() / total
    variance = (histogram * (values - mean) ** 2).sum() / total
    low = histogram[: threshold + 1].sum() / total
    if variance == 0 or low in {0.0, 1.0}:
        return 0.0
    low_mean = (histogram * values)[: threshold + 1].sum() / (low * total)
    return float(low / (1 - low) * (mean - low_mean) ** 2 / variance)


def _detail_skewness(plane: Plane) -> float:
    scale = min(1.0, PARAMETERS.ground_side * 2 / max(plane.shape))
    size = (max(1, round(plane.shape[1] * scale)), max(1, round(plane.shape[0] * scale)))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    sharp = cv2.GaussianBlur(small, (0, 0), 0.6)
    detail = sharp - cv2.GaussianBlur(small, (0, 0), max(small.shape) / 8)
    return float((detail**3).mean())
