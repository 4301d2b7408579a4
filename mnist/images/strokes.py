"""Redraw a digit as MNIST's are: stroke width, size and place."""

from typing import NamedTuple

import cv2
import numpy as np

from mnist.digits import SIDE, Image
from mnist.images.grey import size_at
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane


class Drawing(NamedTuple):
    """A digit redrawn at a larger scale than MNIST's.

    Attributes:
        picture: Shape (h, w), 0-255, with a margin, `drawing_scale` times MNIST's size.
        former_width: Mean stroke width before, in pixels of MNIST.
    """

    picture: Plane
    former_width: float


def redraw(ink: Ink, share: float) -> Drawing:
    """Give a digit smooth outlines and strokes as wide as MNIST's.

    MNIST was made from bilevel scans, so the digit is made bilevel first. Then its outline is
    moved along the signed distance transform: out for thin pens, in for thick ones.

    Args:
        ink: Cropped digit, 1 at full ink and 0 on the ground.
        share: Of full ink, where the edge of a stroke is.
    """
    # Outlines are moved by parts of a pixel of MNIST, so the drawing is several times larger.
    per_pixel = PARAMETERS.drawing_scale
    scale = PARAMETERS.box_side * per_pixel / max(ink.shape)
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    large = np.asarray(cv2.resize(ink, size_at(scale, ink.shape), interpolation=method), np.float32)
    # To widen strokes at the edge of the crop, by half of the least width, and a ramp.
    room = int(PARAMETERS.stroke_width_least / 2 * per_pixel) + 2
    padded = cv2.copyMakeBorder(large, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    large = np.asarray(padded, np.float32)
    # Faint ink may never reach the share; then its own darkest tenth is the stroke.
    mask = (large > min(share, 0.9 * float(large.max()))).view(np.uint8)
    # A sixth of the stroke at most, or smoothing would eat thin strokes.
    sigma = min(PARAMETERS.smoothing * per_pixel, stroke_width(mask) / 6)
    smooth = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) > 0.5
    if smooth.any():  # dots of a few pixels may vanish altogether
        mask = smooth.view(np.uint8)
    inside = _distance(mask)
    width = _width_by(inside, mask) / per_pixel
    target = min(max(width, PARAMETERS.stroke_width_least), PARAMETERS.stroke_width_most)
    shift = (target - width) / 2 * per_pixel
    # The ground is 1 away from strokes or more, and stays ground if they are not widened: how far
    # it is takes as long to measure as all distances inside.
    outside = 1 - mask if shift <= 0.5 else _distance(1 - mask)
    signed = inside - outside
    # Thinning must leave the core of every stroke, however unlike its strokes are in width.
    moved = signed + max(shift, 0.5 - float(signed.max()))
    # A ramp of one pixel at the outline, so that the reduction to 20x20 sees no steps.
    return Drawing((np.clip(moved + 0.5, 0, 1) * 255).astype(np.uint8), width)


def stroke_width(mask: Plane) -> float:
    """Mean width of strokes: across one of width w the distance to its edge averages w / 4."""
    return _width_by(_distance(mask), mask)


def _width_by(distance: Ink, mask: Plane) -> float:
    # As `cv2.mean` over the mask, which takes five times as long: distances are 0 elsewhere.
    return 4 * cv2.sumElems(distance)[0] * (1 / max(cv2.countNonZero(mask), 1))


def _distance(mask: Plane) -> Ink:
    """Measure how far each pixel of a mask is from its edge, in pixels, within .03."""
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def place(ink: Plane) -> Image:
    """Fit a cropped digit into 20x20, keep its aspect, and put its centre of mass in the middle.

    The method is that of LeCun et al. 1998, "Gradient-based learning applied to document
    recognition", section III.

    Args:
        ink: A digit without margin, shape (h, w), bright ink on zero.

    Returns:
        Shape (28, 28), uint8.
    """
    scale = PARAMETERS.box_side / max(ink.shape)
    size = size_at(scale, ink.shape)
    # Averaging keeps the grey rims of MNIST; what is smaller than 20 pixels is interpolated.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(ink, size, interpolation=method)
    moments = cv2.moments(small)
    mass = max(moments["m00"], 1.0)  # ink too sparse to survive the scaling has none
    centre_x, centre_y = moments["m10"] / mass, moments["m01"] / mass
    middle = SIDE / 2  # MNIST's own centres lie within half a pixel of index 14
    # Whole pixels, as MNIST moved them; a lopsided digit is held inside the picture.
    left = min(max(round(middle - centre_x), 0), SIDE - size[0])
    top = min(max(round(middle - centre_y), 0), SIDE - size[1])
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + size[1], left : left + size[0]] = small
    return image
