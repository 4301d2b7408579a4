"""Files of several pages in every format that has them, with drawn digits on their pages."""

import io
import struct
from collections.abc import Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from tests.factories import digit_images
from tests.pictures import saved


def page(digit: int | NDArray[np.uint8] | None) -> Image.Image:
    """Draw a digit dark on white, 112x112 pixels; None leaves it blank, a picture fills it."""
    if isinstance(digit, np.ndarray):
        return Image.fromarray(digit).convert("RGB")
    if digit is None:
        return Image.new("RGB", (112, 112), "white")
    drawn = cv2.resize(digit_images(np.array([digit]))[0], (112, 112))
    return Image.fromarray(255 - drawn).convert("RGB")


def paged(
    image_format: str, digits: Sequence[int | NDArray[np.uint8] | None], **options: Any
) -> bytes:
    """Make a file with a page for each digit."""
    first, *others = map(page, digits)
    return saved(first, image_format, save_all=True, append_images=others, **options)


def heic(digits: Sequence[int | None]) -> bytes:
    """Make a HEIC with an image for each digit."""
    first, *others = map(page, digits)
    file = pillow_heif.from_pillow(first)
    for other in others:
        file.add_from_pillow(other)
    content = io.BytesIO()
    file.save(content, quality=90)
    return content.getvalue()


def with_gain_map(digit: int) -> bytes:
    """Make a JPEG that holds a map of its brightness, as phones do."""
    small = page(digit).convert("L").resize((56, 56))
    gain_map = saved(small, "JPEG", xmp=b'<x type="urn:com:apple:photo:2020:aux:hdrgainmap"/>')
    content = bytearray(paged("MPO", (digit, digit)))
    second = content.rindex(b"\xff\xd8\xff")
    at = content.index(struct.pack("<L", len(content) - second), content.index(b"MPF\0"))
    content[at : at + 4] = struct.pack("<L", len(gain_map))
    return bytes(content[:second]) + gain_map


def bilevel(digits: Sequence[int | None]) -> bytes:
    """Make a TIFF as fax machines do."""
    first, *others = (page(digit).convert("1") for digit in digits)
    return saved(first, "TIFF", save_all=True, append_images=others, compression="group4")


FORMATS = {
    "TIFF": partial(paged, "TIFF"),
    "fax TIFF": bilevel,
    "BigTIFF": partial(paged, "TIFF", big_tiff=True),
    "GIF": partial(paged, "GIF"),
    "WEBP": partial(paged, "WEBP", lossless=True),
    "animated PNG": partial(paged, "PNG"),
    "MPO": partial(paged, "MPO"),
    "HEIC": heic,
    "PDF": partial(paged, "PDF"),
}
"""Name -> what makes a file of it, given the digits on its pages."""


def tiff_chain(directories: Sequence[int], *, lost: bool = False, circle: bool = False) -> bytes:
    """Make a TIFF of 16x16 grey pages, one for each NewSubfileType.

    Args:
        directories: NewSubfileType of each directory.
        lost: Whether the last one names another that lies past the end.
        circle: Whether the last one names the first.
    """
    content = bytearray(struct.pack("<2sHI", b"II", 42, 8))
    for number, kind in enumerate(directories):
        pixels = len(content) + 2 + 9 * 12 + 4
        tags = [(254, 4, kind), (256, 3, 16), (257, 3, 16), (258, 3, 8), (259, 3, 1)]
        tags += [(262, 3, 1), (273, 4, pixels), (278, 3, 16), (279, 4, 256)]
        content += struct.pack("<H", len(tags))
        for tag, width, value in tags:
            content += struct.pack("<HHII", tag, width, 1, value)
        following = pixels + 256 if number < len(directories) - 1 else 0
        if number == len(directories) - 1 and (lost or circle):
            following = 8 if circle else 1_000_000
        picture = np.full((16, 16), 255, np.uint8)
        picture[3:13, 7:9] = 0
        content += struct.pack("<I", following) + picture.tobytes()
    return bytes(content)


def locked_pdf() -> bytes:
    """Make a PDF that no empty password opens (PDF 1.7, 7.6.3)."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 112 112] >>",
        f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 5\n0000000000 65535 f \n{table}trailer\n<< /Size 5 /Root 1 0 R "
    end += f"/Encrypt 4 0 R /ID [<{'33' * 16}> <{'33' * 16}>] >>\nstartxref\n{len(content)}\n%%EOF"
    return content + end.encode()
