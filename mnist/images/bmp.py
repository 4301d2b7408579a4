"""Structure of Windows bitmaps, checked without decoding a pixel."""

from struct import Struct

from mnist.digits import Reason
from mnist.images.header import Format, Header
from mnist.images.results import Rejection

_INFO = Struct("<IIiiHHI")
_INFO_SIZE = 40
_HEADER_SIZES = {40, 52, 56, 64, 108, 124}
_UNCOMPRESSED = 0


def inspect_bmp(content: bytes) -> Header | Rejection:
    """Check dimensions, depth and that all rows are there."""
    if len(content) < 14 + _INFO_SIZE:
        return Rejection(
            Reason.TRUNCATED, f"The BMP ends inside its header ({len(content)} bytes)."
        )
    pixels_at, header_size, width, height, planes, depth, compression = _INFO.unpack_from(
        content, 10
    )
    height = abs(height)
    if header_size not in _HEADER_SIZES or width <= 0 or not height or planes != 1:
        return Rejection(
            Reason.CORRUPT,
            f"The BMP declares {width}x{height} pixels, {planes} planes, header {header_size}.",
        )
    if compression == _UNCOMPRESSED:
        needed = pixels_at + (width * depth + 31) // 32 * 4 * height
        if needed > len(content):
            return Rejection(
                Reason.TRUNCATED, f"The BMP has {len(content)} bytes; its size needs {needed}."
            )
    plain = compression == _UNCOMPRESSED and depth in (8, 24) and header_size == _INFO_SIZE
    return Header(Format.BMP, width, height, plain, content)
