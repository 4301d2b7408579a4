"""Which way up the camera was held."""

import struct

from PIL.Image import Exif

_ORIENTATION = 0x0112


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
