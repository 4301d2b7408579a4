"""Arrays of pixels as small PNG files."""

from __future__ import annotations

from typing import Any

import cv2

from dashboard.thumbnails import Thumbnail
from mnist.digits import Images


def png(picture: Any) -> bytes:
    """Encode a picture, uint8: grey of shape (h, w), or RGB of shape (h, w, 3)."""
    return bytes(cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)[1])


def thumbnails_of(images: Images) -> list[Thumbnail]:
    """Encode images, shape (n, 28, 28), as a model reads them."""
    return [Thumbnail(png(image)) for image in images]
