"""A drawn seven, and every encoding of it that people might drop."""

import io
import struct
import zipfile
import zlib
from typing import Any

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def seven(height: int = 160, width: int = 200, *, ink: int = 0, ground: int = 255) -> NDArray[Any]:
    """Draw a seven, shape (height, width), uint8; nothing about it is symmetric."""
    plane = np.full((height, width), ground, np.uint8)
    corners = np.array([(0.3, 0.2), (0.62, 0.2), (0.42, 0.82)]) * (width, height)
    points = [corners.round().astype(np.int32)]
    cv2.polylines(
        plane,
        points,
        isClosed=False,
        color=ink,
        thickness=max(2, height // 16),
        lineType=cv2.LINE_AA,
    )
    return plane


def pillow(mode: str = "L", **size: int) -> Image.Image:
    """The seven as a Pillow image, dark on white."""
    return Image.fromarray(seven(**size)).convert(mode)


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    """Encode with Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def heic() -> bytes:
    """Encode as phones do."""
    buffer = io.BytesIO()
    pillow_heif.from_pillow(pillow("RGB")).save(buffer, quality=90)
    return buffer.getvalue()


def on_transparent(grey: int) -> Image.Image:
    """The seven in one colour, the rest transparent."""
    alpha = 255 - seven()
    flat = np.full_like(alpha, grey)
    return Image.fromarray(np.dstack([flat, flat, flat, alpha]))


def tiff_of(pixels: NDArray[Any]) -> bytes:
    """Encode deep or floating pixels with OpenCV, colour as BGR."""
    return cv2.imencode(".tiff", pixels)[1].tobytes()


def oriented(orientation: int, **options: Any) -> Image.Image:
    """The seven stored as a camera held another way would store it, and the EXIF that says so."""
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = pillow("RGB", **options)
    return image if stored is None else image.transpose(stored)


def exif(orientation: int) -> bytes:
    """An EXIF block that holds nothing but an orientation."""
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk with its CRC."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(*chunks: bytes) -> bytes:
    """A PNG of exactly these chunks."""
    return SIGNATURE + b"".join(chunks)


def ihdr(width: int, height: int, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    """A PNG header chunk, sensible or not."""
    return chunk(b"IHDR", struct.pack(">II5B", width, height, depth, colour, 0, 0, interlace))


def interlaced() -> bytes:
    """The seven as an interlaced PNG: Adam7's first pass holds it all when the rest is empty."""
    plane = seven()
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    rows = []
    for top, left, down, right in [*passes, (1, 0, 2, 1)]:
        rows += [b"\0" + row.tobytes() for row in plane[top::down, left::right]]
    header = ihdr(plane.shape[1], plane.shape[0], interlace=1)
    return png_of(header, chunk(b"IDAT", zlib.compress(b"".join(rows))), chunk(b"IEND", b""))


def bmp(width: int = 200, height: int = 160, depth: int = 24, rows: bytes = b"") -> bytes:
    """A bitmap header, and whatever rows are given."""
    size = 54 + len(rows)
    head = b"BM" + struct.pack("<IHHI", size, 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, 0, 0, 0, 0, 0, 0) + rows


def top_down_bmp() -> bytes:
    """The seven with its rows from top to bottom, which negative height says."""
    colour = np.dstack([seven()] * 3)
    return bmp(height=-160, rows=colour.tobytes())


def png() -> bytes:
    """The seven as the plainest file."""
    return saved(pillow(), "PNG")


def jpeg(**options: Any) -> bytes:
    """The seven as a colour JPEG."""
    return saved(pillow("RGB"), "JPEG", quality=92, **options)


def noise(size: int) -> bytes:
    """The same random bytes every time."""
    return np.random.default_rng(7).bytes(size)


def zip_of_png() -> bytes:
    """The seven inside an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("seven.png", png())
    return buffer.getvalue()


def with_chunks(*extra: bytes) -> bytes:
    """The seven as PNG, with more chunks behind its header."""
    content = png()
    return content[:33] + b"".join(extra) + content[33:]
