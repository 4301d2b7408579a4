"""The ink of one value: without paper, ruled lines and noise, and all of about one size."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.images.ground import ink_over_ground
from mnist.images.polarity import levels_of
from mnist.images.results import Ink, Plane
from mnist.images.segmentation import segment
from mnist.images.strokes import stroke_width
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P


class LineInk(NamedTuple):
    """A line of writing, scaled so that its digits are `LAYOUT_PARAMETERS.row_height` tall.

    Attributes:
        ink: Strength of ink, 0 outside of the mask's surroundings, shape (h, w).
        mask: Where there is ink, shape (h, w), 0 or 1.
        level: Typical strength of ink.
        pen: Mean width of strokes, in pixels.
        row: Height of its digits, in pixels.
        scale: Pixels of it for each pixel of the picture.
        origin: Column and row of its first pixel in the picture.
    """

    ink: Ink
    mask: Plane
    level: float
    pen: float
    row: float
    scale: float
    origin: tuple[int, int]

    def on_picture(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """Map left, top, right, bottom back."""
        left, top, right, bottom = box
        x, y = self.origin
        return (
            x + int(np.floor(left / self.scale)),
            y + int(np.floor(top / self.scale)),
            x + int(np.ceil(right / self.scale)),
            y + int(np.ceil(bottom / self.scale)),
        )


def line_of(plane: Plane) -> LineInk | None:
    """Find the ink of a value; None if nothing is written.

    Args:
        plane: The picture or field, ink of either polarity, shape (h, w).
    """
    if int(plane.max()) - int(plane.min()) < P.contrast_least:
        return None
    # Ruled lines are not looked for in small pictures, where they are too thin to be told apart.
    enlarged = 2 if min(plane.shape) < P.small_side else 1
    size = (plane.shape[1] * enlarged, plane.shape[0] * enlarged)
    plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    levels = levels_of(plane)
    ink = ink_over_ground(plane, levels)
    segmented = segment(ink, even=levels.even)
    if segmented is None:
        return None
    ink = np.clip(ink, 0, None) * cv2.dilate(segmented.mask, np.ones((3, 3), np.uint8))
    least = P.row_least * enlarged
    line = line_from(np.asarray(ink, np.float32), segmented.level, segmented.mask, least)
    if line is None:
        return None
    x, y = line.origin
    return line._replace(scale=line.scale * enlarged, origin=(x // enlarged, y // enlarged))


def line_from(
    ink: Ink, level: float, mask: Plane | None = None, least: int = P.row_least
) -> LineInk | None:
    """Make a line of ink that was taken off its paper; None if there is nothing like a digit.

    Args:
        ink: Strength of ink, 0 where there is none, shape (h, w).
        level: Typical strength.
        mask: Where there is ink, 0 or 1; None takes what is strong enough.
        least: Height of a digit, in pixels.
    """
    if mask is None:
        mask = (ink > P.ink_share * level).astype(np.uint8)
    _, numbered, table, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    heights = table[1:, cv2.CC_STAT_HEIGHT]
    if not len(heights) or int(heights.max()) < least:
        return None
    row = float(np.median(heights[heights >= P.row_share * heights.max()]))
    # Specks are no part of anything; what is larger may be a point, a bar of a 5, or noise.
    areas = table[1:, cv2.CC_STAT_AREA]
    kept = np.flatnonzero(areas >= max(3, P.speck * row * row)) + 1
    mask = (np.isin(numbered, kept) & (mask > 0)).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(mask)
    scale = P.row_height / row
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    crop = (ink * near)[top : top + height, left : left + width].astype(np.float32)
    scaled = np.asarray(cv2.resize(crop, size, interpolation=method), np.float32)
    strong = (scaled > P.ink_share * level).astype(np.uint8)
    if not strong.any():
        return None
    pen = max(1.0, stroke_width(strong))
    return LineInk(scaled, strong, level, pen, P.row_height, scale, (left, top))
