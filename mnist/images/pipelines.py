"""From a grey plane to (28, 28), by the `standard` or the `enhanced` pipeline."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import SIDE, Reason
from mnist.images.grey import Plane
from mnist.images.parameters import PARAMETERS
from mnist.images.placement import place
from mnist.images.polarity import frame_of, is_light_on_dark
from mnist.images.results import Decoded, Pipeline, Rejection

Trace = Callable[[str, NDArray[Any]], None]
"""Told the name and the picture of every stage."""


def is_native(plane: Plane) -> bool:
    """Whether this is a training-like image: 28x28, light ink on a dark ground."""
    if plane.shape != (SIDE, SIDE) or plane.max() < PARAMETERS.native_ink:
        return False
    dark_ground = 2 * np.count_nonzero(frame_of(plane) <= PARAMETERS.native_ground)
    return bool(dark_ground > frame_of(plane).size) and is_light_on_dark(plane)


def standard(plane: Plane, trace: Trace) -> Decoded | Rejection:
    """Pass training-like images untouched; crop, scale and centre the others."""
    if is_native(plane):
        return Decoded(plane, (), Pipeline.STANDARD)
    return _cropped_and_placed(plane, trace, Pipeline.STANDARD)


def enhanced(plane: Plane, trace: Trace) -> Decoded | Rejection:
    """Clean the picture before it is cropped, scaled and centred."""
    return _cropped_and_placed(plane, trace, Pipeline.ENHANCED)


def _cropped_and_placed(plane: Plane, trace: Trace, name: Pipeline) -> Decoded | Rejection:
    contrast = int(plane.max()) - int(plane.min())
    if contrast < PARAMETERS.least_contrast:
        return Rejection(Reason.BLANK, f"The image spans {contrast} grey levels.")
    ink = plane if is_light_on_dark(plane) else cv2.bitwise_not(plane)
    trace("polarity", ink)
    ink = cv2.normalize(ink, np.empty_like(ink), 0, 255, cv2.NORM_MINMAX)
    _, mask = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    trace("mask", mask)
    x, y, width, height = cv2.boundingRect(mask)
    ground = float(np.median(ink[mask == 0]))
    crop = ink[y : y + height, x : x + width].astype(np.float32) - ground
    crop = np.clip(crop * (255.0 / max(255.0 - ground, 1.0)), 0, 255).astype(np.uint8)
    trace("crop", crop)
    return Decoded(place(crop), (), name)
