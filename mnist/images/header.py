"""What an image file declares about itself: format, size, and which way up the camera was held."""

import struct
from enum import StrEnum
from typing import NamedTuple

from PIL.Image import Exif

from mnist.digits import Reason
from mnist.images.results import Limits, Rejection

_ORIENTATION = 0x0112  # the tag of EXIF 2.3, table 4


class Format(StrEnum):
    """Image formats that are decoded."""

    PNG = "PNG"
    JPEG = "JPEG"
    BMP = "BMP"
    GIF = "GIF"
    TIFF = "TIFF"
    WEBP = "WEBP"
    HEIC = "HEIC"
    PDF = "PDF"


class Header(NamedTuple):
    """A file whose structure was checked.

    Attributes:
        format: Image format, found by content.
        width: Declared width in pixels; 0 where only a decoder can tell.
        height: Declared height in pixels; 0 where only a decoder can tell.
        plain: Whether it is simple enough to be decoded in this process.
        payload: The bytes a decoder needs, without metadata, trailing bytes or extra frames.
        orientation: EXIF orientation, 1-8; 1 is upright.
        several: Whether it declares further pictures, so that somebody has to count them.
    """

    format: Format
    width: int
    height: int
    plain: bool
    payload: bytes
    orientation: int = 1
    several: bool = False


SMALLEST_SHORT_SIDE = 4
SMALLEST_LONG_SIDE = 8


def size_problem(width: int, height: int, limits: Limits) -> Rejection | None:
    """Judge declared dimensions: the cheapest defence against decompression bombs."""
    if width * height > limits.max_pixels:
        return Rejection(
            Reason.TOO_LARGE,
            f"The image is {width}x{height} pixels; at most {limits.max_pixels:,} are accepted.",
        )
    if min(width, height) < SMALLEST_SHORT_SIDE or max(width, height) < SMALLEST_LONG_SIDE:
        return Rejection(
            Reason.TOO_SMALL,
            f"The image is {width}x{height} pixels; at least "
            f"{SMALLEST_SHORT_SIDE}x{SMALLEST_LONG_SIDE} are needed.",
        )
    return None


def orientation_of(exif: bytes) -> int:
    """Read the orientation, 1-8, from an EXIF block; 1 (upright) if it cannot be read.

    Pillow's reader is Python and touches no pixel, so it is safe on hostile bytes.
    """
    block = Exif()
    try:
        block.load(exif)
        value = block.get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
