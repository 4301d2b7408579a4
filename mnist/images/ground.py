"""Take away paper, light and shadow, and keep ink.

Shadow and stroke are both darker than the paper around them; width, the frame and depth tell them
apart.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.closing import closed_by_disc
from mnist.images.grey import shrunk
from mnist.images.median import median
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import Levels, frame_around
from mnist.images.results import Ink, Plane

_BLACK = 16
"""Grey level; a sheet is never taken to be darker, or dividing by it would make noise into ink."""


def ink_over_ground(plane: Plane, levels: Levels) -> Ink:
    """Estimate the empty sheet and measure what lies over it, smoothed."""
    ink = ink_over(ground_of(plane, levels), plane, light_on_dark=levels.light_on_dark)
    return smoothed(ink, max(plane.shape))


def ground_of(plane: Plane, levels: Levels) -> Ink:
    """Estimate the empty sheet.

    An even sheet has one grey level. Elsewhere the sheet is what grey closing leaves when strokes
    are narrower than its kernel; a cubic surface takes the slow gradient away first, because
    closing overestimates dark corners. Shadows narrower than the kernel are found by themselves.

    Returns:
        Grey levels, shape (1, 1) if the sheet is even, otherwise as `plane`.
    """
    if levels.even:
        return np.full((1, 1), levels.ground, np.float32)
    small = shrunk(plane, PARAMETERS.ground_side)[0].astype(np.float32)
    if levels.light_on_dark:  # chalk on a board: the same, on the negative
        ground = 255 - _closed(255 - small)
    else:
        ground = sheet_in_shadow(small, _closed(small))
    return enlarged(ground, plane.shape)


def ink_over(ground: Ink, plane: Plane, *, light_on_dark: bool) -> Ink:
    """Measure what lies over the empty sheet.

    Dark ink takes a share of the light, so the sheet is divided out; light ink adds to it, so the
    sheet is subtracted.

    Args:
        ground: The empty sheet, shape (1, 1) or that of `plane`.
        plane: The picture.
        light_on_dark: Whether ink is lighter than the sheet.
    """
    level = plane.astype(np.float32)
    if light_on_dark:
        return np.asarray((level - ground) / 255, np.float32)
    return np.asarray(1 - level / np.maximum(ground, _BLACK), np.float32)


def smoothed(ink: Ink, longest: int, scale: float = 1.0, most: float = math.inf) -> Ink:
    """Blur ink as the size of its picture asks for.

    Small drawings are sharp; the larger a scan or photo, the wider its noise and blur.

    Args:
        ink: What lies over the sheet.
        longest: Longer side of the picture that it was taken from, in pixels.
        scale: Its pixels for each pixel of that picture.
        most: Largest standard deviation of the blur, in its pixels.
    """
    if longest <= PARAMETERS.sharp_side:
        return ink
    sigma = min((0.4 + longest / PARAMETERS.working_side) * scale, most)
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.float32)


def enlarged(picture: Ink, shape: tuple[int, ...]) -> Ink:
    """Interpolate a picture to another shape; one of (1, 1) has the same level everywhere."""
    if picture.size == 1:
        return picture
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _closed(small: Ink) -> Ink:
    surface = _surface(small)
    # Odd, so that the kernel has a middle and moves nothing.
    side = max(3, round(max(small.shape) * PARAMETERS.closing_share)) | 1
    detail = np.asarray(cv2.medianBlur(small - surface, 3), np.float32)
    closed = closed_by_disc(detail, side)
    return np.asarray(cv2.GaussianBlur(closed, (0, 0), side / 6) + surface, np.float32)


def _surface(small: Ink) -> Ink:
    """Fit a cubic polynomial to the sheet, leaving out what is darker (ink) in each round."""
    coarse, _ = shrunk(small, PARAMETERS.surface_side)
    terms, values = _cubic_terms(coarse.shape), coarse.ravel().astype(np.float64)
    kept = np.ones(values.size, bool)
    weights: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(4):
        if kept.sum() < 4 * terms.shape[1]:  # too few points for ten terms: the last fit stays
            break
        used = terms[kept]
        # By the normal equations: ten terms between -1 and 1 are far from collinear.
        solution = np.linalg.lstsq(used.T @ used, used.T @ values[kept], rcond=None)[0]
        weights = np.asarray(solution, np.float64)
        rest = values - terms @ weights
        # The median deviation of a normal distribution times 1.4826 is its standard deviation.
        spread = 1.4826 * median(np.abs(rest[kept]))
        # Narrower below than above: what is darker than the sheet is ink.
        kept = (rest > -1.5 * spread - 1) & (rest < 3 * spread + 1)
    return (_cubic_terms(small.shape) @ weights).reshape(small.shape).astype(np.float32)


def _cubic_terms(shape: tuple[int, ...]) -> NDArray[np.float64]:
    y, x = (((np.arange(side) + 0.5) / side * 2 - 1) for side in shape)
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    rows = np.stack([y**j for _, j in powers], axis=-1)
    columns = np.stack([x**i for i, _ in powers], axis=-1)
    return (rows[:, None] * columns).reshape(-1, len(powers))


def sheet_in_shadow(small: Ink, sheet: Ink) -> Ink:
    """Lower an estimate of the empty sheet to what it is inside of shadows.

    A shadow is wider than a stroke, comes in over the frame, and is lighter than the ink. Wide
    regions that are as dark as the ink are wide strokes, and stay ink.

    Args:
        small: The picture, dark ink on light ground, shape (h, w), 0-255.
        sheet: The empty sheet, as grey closing with a wide kernel leaves it.
    """
    side = max(3, round(max(small.shape) * PARAMETERS.stroke_share)) | 1  # odd
    without_strokes = _filled(small, side)
    strokes = small < (1 - PARAMETERS.shadow_depth) * np.maximum(without_strokes, _BLACK)
    if not strokes.any():
        return sheet
    light = np.maximum(sheet, _BLACK)
    ink = median((small / light)[strokes])
    shade = np.asarray(without_strokes / light, np.float32)
    shadows = _regions_at_the_frame(shade, side, ink + PARAMETERS.shadow_lightness)
    # The border of a shadow is soft, so its surroundings are measured anew as well.
    near = cv2.dilate(shadows.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return np.where(near, np.minimum(without_strokes, sheet), sheet).astype(np.float32)


def _filled(small: Ink, side: int) -> Ink:
    """Fill what is narrower than a stroke; what the frame cuts is taken to go on beyond it."""
    # Unpadded, a shadow along the frame would be narrower than the kernel, and be filled.
    beyond = np.pad(np.asarray(cv2.medianBlur(small, 3), np.float32), side, mode="edge")
    return closed_by_disc(beyond, side)[side:-side, side:-side]


def _regions_at_the_frame(light: Ink, length: int, darkest: float) -> NDArray[np.bool_]:
    """Mark regions in the shade that meet the frame for so long and are light enough."""
    shade = (light < 1 - PARAMETERS.shadow_depth).astype(np.uint8)
    count, regions = cv2.connectedComponents(shade, connectivity=4)
    labels = np.asarray(regions, np.int32)
    met = np.bincount(frame_around(labels), minlength=count)
    chosen = [
        region
        for region in range(1, count)
        if met[region] >= length and median(light[labels == region]) > darkest
    ]
    return np.isin(labels, chosen)
