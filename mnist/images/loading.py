"""From untrusted bytes to one upright grey plane, or a reason."""

import cv2
import numpy as np

from mnist.digits import Reason
from mnist.images.arrays import Plane
from mnist.images.formats import inspect
from mnist.images.grey import to_grey
from mnist.images.header import Header
from mnist.images.results import Limits, Rejection
from mnist.images.sandbox import sandbox
from mnist.images.sandbox_protocol import Request

PIXELS_IN_PROCESS = 4_000_000
"""Larger pictures are decoded in the sandbox, where memory is limited."""


def load(content: bytes, limits: Limits) -> Plane | Rejection:
    """Inspect, decode and flatten to grey; the image's faults are answers, not exceptions.

    Raises:
        Unavailable: If the sandbox is needed and this machine cannot start it.
    """
    header = inspect(content, limits)
    if isinstance(header, Rejection):
        return header
    if header.plain and header.width * header.height <= PIXELS_IN_PROCESS:
        return _decode_here(header)
    return sandbox().decode(Request(header.payload, header.format, header.orientation, limits))


def _decode_here(header: Header) -> Plane | Rejection:
    try:
        pixels = cv2.imdecode(np.frombuffer(header.payload, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None:
        return Rejection(Reason.CORRUPT, f"The {header.format} data cannot be decoded.")
    return to_grey(pixels, header.orientation)
