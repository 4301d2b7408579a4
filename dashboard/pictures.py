"""Arrays of pixels as small PNG files."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dashboard.thumbnails import Thumbnail
from mnist.digits import Image, Images

_FOR, _AGAINST = np.array([255, 140, 0]), np.array([60, 130, 255])


def png(picture: Any) -> bytes:
    """Encode a picture, uint8: grey of shape (h, w), or RGB of shape (h, w, 3)."""
    return bytes(cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)[1])


def thumbnails_of(images: Images) -> list[Thumbnail]:
    """Encode images, shape (n, 28, 28), as a model reads them."""
    return [Thumbnail(png(image)) for image in images]


def magnified(content: bytes, side: int) -> Any:
    """Decode one of our own PNG files and scale it so that its longer side has so many pixels."""
    return enlarged(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED), side)


def enlarged(picture: Any, side: int) -> Any:
    """Scale a picture so that its longer side has so many pixels; small ones keep their squares."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    return cv2.resize(picture, size, interpolation=how)


def overlay(image: Image, heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay a heat map over an image: orange where it is positive, blue where it is negative.

    Args:
        image: Shape (28, 28), uint8.
        heat: Shape (28, 28); its largest absolute value gets the full colour.

    Returns:
        Shape (28, 28, 3), RGB.
    """
    strength = np.abs(heat) / max(float(np.abs(heat).max()), 1e-6)
    colour = np.where(heat[..., None] >= 0, _FOR, _AGAINST)
    grey = np.repeat(image[..., None].astype(np.float32), 3, axis=2)
    share = 0.75 * strength[..., None]
    return np.asarray((1 - share) * grey + share * colour, np.uint8)
