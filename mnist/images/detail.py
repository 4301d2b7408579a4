"""The digit alone, from more pixels than its picture was cleaned with where strokes need them."""

import cv2
import numpy as np

from mnist.images.components import Selection
from mnist.images.grey import size_at
from mnist.images.ground import enlarged, ink_over, smoothed
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import Levels
from mnist.images.results import Ink
from mnist.images.segmentation import typical_strength
from mnist.images.sheet import Sheet


def crop_of(
    chosen: Selection,
    ink: Ink,
    level: float,
    sheet: Sheet,
    ground: Ink,
    levels: Levels,
    edge: float,
) -> Ink:
    """Cut the digit out.

    Cleaning goes by the size of a picture, strokes by that of the digit: one that is small on its
    sheet is measured again, over the same ground, from the pixels that the camera took.

    Args:
        chosen: The pieces of the digit.
        ink: Strength of ink in the picture as it was cleaned, shape (h, w).
        level: Its typical strength.
        sheet: That picture, and its detail.
        ground: The empty sheet, shape (1, 1) or (h, w).
        levels: Whether ink is lighter than the sheet.
        edge: Share of typical ink from which on a pixel belongs to a stroke.

    Returns:
        0 on the ground, 1 at full ink.
    """
    left, top, width, height = chosen.box
    box = np.s_[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
    # One pixel more than the mask, so that the grey rim of a stroke is cropped with it.
    near = cv2.dilate(chosen.mask[box], np.ones((3, 3), np.uint8)).astype(np.float32)
    zoom = PARAMETERS.box_side * PARAMETERS.drawing_scale / max(width, height)
    zoom = min(zoom, 1 / sheet.scale)
    if zoom <= PARAMETERS.least_zoom:
        crop = np.clip(ink[box] / level * near, 0, 1)
        top, left = top - box[0].start, left - box[1].start
        return np.asarray(crop[top : top + height, left : left + width], np.float32)
    detail = sheet.detail[_scaled(box[0], sheet.scale), _scaled(box[1], sheet.scale)]
    size = size_at(zoom * sheet.scale, detail.shape)  # its own, unless there are more than needed
    detail = np.asarray(cv2.resize(detail, size, interpolation=cv2.INTER_AREA), np.uint8)
    under = ground if ground.size == 1 else enlarged(ground[box], detail.shape)
    strength = ink_over(under, detail, light_on_dark=levels.light_on_dark)
    # Not more than a stroke can bear: smoothing is a share of a pixel of MNIST.
    most = PARAMETERS.smoothing * zoom * max(width, height) / PARAMETERS.box_side
    strength = smoothed(strength, max(sheet.detail.shape), zoom * sheet.scale, most)
    strength *= enlarged(near, detail.shape)
    above = strength[strength > PARAMETERS.least_ink]
    if not above.size:
        return strength
    strength = np.asarray(np.clip(strength / typical_strength(above), 0, 1), np.float32)
    left, top, width, height = cv2.boundingRect((strength > edge).astype(np.uint8))
    return strength[top : top + height, left : left + width]


def _scaled(pixels: slice, scale: float) -> slice:
    return slice(round(pixels.start / scale), round(pixels.stop / scale))
