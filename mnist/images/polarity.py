"""Which grey levels are ink: the lighter or the darker ones."""

from statistics import median as median_of_few
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.median import median
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane


class Levels(NamedTuple):
    """Grey levels of ink and ground.

    Attributes:
        threshold: Otsu's threshold; pixels above are the lighter class.
        even: Whether there are two levels, ink and ground, and no gradient or shadow.
        light_on_dark: Whether ink is the lighter class.
        ground: Median grey level of the class that is not ink.
    """

    threshold: float
    even: bool
    light_on_dark: bool
    ground: float


def levels_of(plane: Plane) -> Levels:
    """Find Otsu's two classes, and which of them is ink.

    In an even picture two classes explain most of the variance (Otsu 1979), the frame is ground,
    and votes against the threshold. Under a gradient the threshold divides light from shadow
    instead of ink from paper; there the skewness of what a blur leaves behind decides: strokes are
    few pixels, far from the ground on one side.
    """
    threshold, _ = cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    histogram = cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    frame = frame_around(plane)
    light = frame > threshold
    majority = _mostly_light(plane, threshold)  # ground is what most of the frame shows
    run = _longest_run(light != majority) / light.size
    shadowed = run > PARAMETERS.shadow_run or (
        majority
        and run > PARAMETERS.short_shadow_run
        and _is_lighter_than_ink(median(frame[~light]), histogram, int(threshold))
    )
    even = not shadowed and (
        _separability(histogram, int(threshold)) >= PARAMETERS.even_separability
    )
    light_on_dark = not majority if even else _detail_skewness(plane) > 0
    lighter = np.arange(256) > threshold
    ground = _percentile(np.where(lighter != light_on_dark, histogram, 0), 50)
    return Levels(threshold, even, light_on_dark, ground)


def frame_around(plane: NDArray[Any]) -> NDArray[Any]:
    """Take the outermost pixels, clockwise as a flat array: mostly ground around a digit."""
    return np.concatenate((plane[0], plane[1:, -1], plane[-1, -2::-1], plane[-2:0:-1, 0]))


def _mostly_light(plane: Plane, threshold: float) -> bool:
    """Whether most of the frame is light.

    Each side is asked at several depths and answers by their median: a printed line, a dark edge or
    a stroke that runs along one of them does not decide.
    """
    deepest = PARAMETERS.frame_margin * min(plane.shape)
    steps = PARAMETERS.frame_depths - 1
    depths = sorted({round(deepest * step / steps) for step in range(steps + 1)})
    lines = [*depths, *(-1 - depth for depth in depths)]  # of two opposite sides
    lit = 0.0
    for turned in (plane, plane.T):
        counts = (turned[lines] > threshold).sum(axis=1).tolist()
        lit += sum(map(median_of_few, (counts[: len(depths)], counts[len(depths) :])))
    return lit > sum(plane.shape)


def _longest_run(marked: NDArray[np.bool_]) -> int:
    """Longest run of marked pixels around the frame: a stroke touches briefly, a shadow long."""
    # Twice around, because a run may go on over the corner where the array starts.
    gaps = np.flatnonzero(~np.concatenate((marked, marked)))
    if not gaps.size:
        return marked.size
    return int((gaps[1:] - gaps[:-1]).max(initial=1)) - 1


def _is_lighter_than_ink(grey: float, histogram: NDArray[np.float64], threshold: int) -> bool:
    """Whether what is dark at the frame is lighter than the darkest of the picture: no ink."""
    ink = _percentile(histogram, 3)  # a thin digit covers a few hundredths of a picture
    paper = threshold + 1 + _percentile(histogram[threshold + 1 :], 50)
    return grey - ink > PARAMETERS.shadow_lightness * paper


def _percentile(histogram: NDArray[np.float64], share: float) -> int:
    """Find the grey level that so many per cent of the counted pixels do not exceed."""
    counts = histogram.cumsum()
    return int(np.searchsorted(counts, counts[-1] * share / 100))


def _separability(histogram: NDArray[np.float64], threshold: int) -> float:
    """Share of the variance that lies between the two classes, 0-1 (Otsu 1979, eta)."""
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
    """Third moment of the detail: positive for light ink, negative for dark."""
    small = shrunk(plane, PARAMETERS.ground_side * 2)[0].astype(np.float32)
    sharp = cv2.GaussianBlur(small, (0, 0), 0.6)  # without the noise of single pixels
    detail = sharp - cv2.GaussianBlur(small, (0, 0), max(small.shape) / 8)
    return float((detail * detail * detail).mean())  # `detail**3` takes fifty times as long
