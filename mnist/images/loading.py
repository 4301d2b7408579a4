"""From untrusted bytes to one upright grey plane, or a reason."""

import io
import struct

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from mnist.digits import Reason
from mnist.images.formats import inspect
from mnist.images.grey import Plane, to_grey
from mnist.images.header import Header, size_problem
from mnist.images.results import Limits, Rejection


def load(content: bytes, limits: Limits) -> Plane | Rejection:
    """Inspect, decode, and flatten to grey. Never raises, whatever the bytes."""
    header = inspect(content, limits)
    if isinstance(header, Rejection):
        return header
    if header.plain:
        return _decode_here(header)
    return _decode_with_pillow(header, limits)


def _decode_here(header: Header) -> Plane | Rejection:
    flags = cv2.IMREAD_UNCHANGED
    try:
        pixels = cv2.imdecode(np.frombuffer(header.payload, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        return Rejection(Reason.CORRUPT, f"The {header.format} data cannot be decoded.")
    return to_grey(pixels, header.orientation)


def _decode_with_pillow(header: Header, limits: Limits) -> Plane | Rejection:
    try:
        with PillowImage.open(io.BytesIO(header.payload), formats=[header.format]) as image:
            problem = size_problem(*image.size, limits)
            if problem:
                return problem
            upright = ImageOps.exif_transpose(image)
            if upright.mode in {"P", "PA", "LA", "La", "RGBa"}:
                upright = upright.convert("RGBA")
            elif upright.mode in {"CMYK", "YCbCr", "LAB", "HSV"}:
                upright = upright.convert("RGB")
            elif upright.mode == "1":
                upright = upright.convert("L")
            pixels = np.asarray(upright)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error) as error:
        return Rejection(Reason.CORRUPT, f"The {header.format} data cannot be decoded: {error}.")
    if pixels.ndim == 3:
        order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
        pixels = cv2.cvtColor(pixels, order)
    return to_grey(pixels)
