"""Which grey levels are ink: the lighter or the darker ones."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.arrays import Plane
from mnist.images.parameters import PARAMETERS


class Levels(NamedTuple):
    """Grey levels of ink and ground.

    Attributes:
        threshold: Otsu's threshold; pixels above are the lighter class.
        even: Whether there are two levels, ink and ground, and no gradient or shadow.
        light_on_dark: Whether ink is the lighter class.
    """

    threshold: float
    even: bool
    light_on_dark: bool


def levels_of(plane: Plane) -> Levels:
    """Find Otsu's two classes, and which of them is ink.

    In an even picture two classes explain most of the variance (Otsu 1979), the frame is ground,
    and votes against the threshold. Under a gradient the threshold divides light from shadow
    instead of ink from paper; there the skewness of what a blur leaves behind decides: strokes are
    few pixels, far from the ground on one side.
    """
    threshold, _ = cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    histogram = np.bincount(plane.ravel(), minlength=256).astype(np.float64)
    light = frame_around(plane) > threshold
    majority = bool(2 * np.count_nonzero(light) > light.size)
    even = (
        _separability(histogram, int(threshold)) >= PARAMETERS.even_separability
        and _longest_run(light != majority) <= PARAMETERS.shadow_run * light.size
    )
    return Levels(threshold, even, not majority if even else _detail_skewness(plane) > 0)


def frame_around(plane: Plane) -> Plane:
    """Take the outermost pixels, clockwise as a flat array: mostly ground around a digit."""
    return np.concatenate((plane[0], plane[1:, -1], plane[-1, -2::-1], plane[-2:0:-1, 0]))


def _longest_run(marked: NDArray[np.bool_]) -> int:
    """Longest run of marked pixels around the frame: a stroke touches briefly, a shadow long."""
    gaps = np.flatnonzero(~np.concatenate((marked, marked)))
    if not gaps.size:
        return marked.size
    return int(np.diff(gaps).max(initial=1)) - 1


def _separability(histogram: NDArray[np.float64], threshold: int) -> float:
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
