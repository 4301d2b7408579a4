"""From decoded pixels of any depth, colour and transparency to one grey plane."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.parameters import PARAMETERS

Plane = NDArray[np.uint8]
"""Grey image of any size, shape (h, w), values 0-255."""

_UPRIGHT: dict[int, Callable[[Plane], Any]] = {
    2: lambda plane: cv2.flip(plane, 1),
    3: lambda plane: cv2.rotate(plane, cv2.ROTATE_180),
    4: lambda plane: cv2.flip(plane, 0),
    5: cv2.transpose,
    6: lambda plane: cv2.rotate(plane, cv2.ROTATE_90_CLOCKWISE),
    7: lambda plane: cv2.flip(cv2.transpose(plane), -1),
    8: lambda plane: cv2.rotate(plane, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_SMALLEST_DEPTH = 8


def to_grey(pixels: NDArray[Any], orientation: int = 1) -> Plane:
    """Reduce, flatten and turn decoded pixels upright.

    Args:
        pixels: Shape (h, w), (h, w, 3) BGR or (h, w, 4) BGRA; any integer or float type.
        orientation: EXIF orientation, 1-8.
    """
    plane = _reduced(to_eight_bits(pixels))
    if plane.ndim == 3:
        plane = _flatten(plane) if plane.shape[2] == 4 else _grey(plane)
    turn = _UPRIGHT.get(orientation)
    return plane if turn is None else np.asarray(turn(plane), np.uint8)


def _reduced(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = plane.shape[:2]
    scale = PARAMETERS.working_side / max(height, width)
    if scale >= 1:
        return plane
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grey(pixels: NDArray[np.uint8]) -> Plane:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)


def to_eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Map deeper pixels to 0-255 by the depth that they really use.

    Scanners store 8, 10 or 12 bits in 16-bit files; dividing by 256 would make those black.
    """
    if pixels.dtype == np.uint8:
        return pixels
    values = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lowest, highest = float(values.min()), float(values.max())
    if lowest < 0:
        values, highest = values - lowest, highest - lowest
    if highest <= 1.0 and pixels.dtype.kind == "f":
        top = 1.0
    else:
        depth = max(_SMALLEST_DEPTH, int(np.ceil(np.log2(highest + 1))))
        top = 2.0 ** (depth + depth % 2) - 1
    return (values * (255.0 / top)).round().astype(np.uint8)


def _flatten(pixels: NDArray[np.uint8]) -> Plane:
    """Lay a transparent image on a ground that its ink stands out against."""
    alpha = pixels[:, :, 3]
    grey = _grey(pixels[:, :, :3])
    opaque = alpha >= 128
    if alpha.min() == 255:
        return grey
    shown = grey[opaque]
    if shown.size == 0:
        return alpha.copy()
    low, middle, high = np.percentile(shown, (2, 50, 98))
    if high - low < 2 * PARAMETERS.least_contrast:
        return alpha.copy()
    weight = alpha.astype(np.float32) / 255
    return (grey * weight + middle * (1 - weight)).round().astype(np.uint8)
