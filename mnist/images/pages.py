"""Pages taken out of a file, each as an image file of its own."""

from collections.abc import Iterator, Sequence

import cv2

from mnist.images.formats import inspect
from mnist.images.results import Limits, Plane, Rejection
from mnist.images.sandbox import sandbox
from mnist.images.sandbox_protocol import Request

_FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def page_files(
    content: bytes, numbers: Sequence[int], limits: Limits
) -> Iterator[bytes | Rejection]:
    """Draw pages of a file: a grey PNG each, upright, no larger than its limits, or why not.

    What is decoded from it is what would be decoded from a file with that page alone.

    Args:
        content: The file; a TIFF, GIF, WEBP, PNG, JPEG or HEIC of several pictures, or a PDF.
        numbers: Which pages, from 1.
        limits: Of the file, and of each page.

    Raises:
        Unavailable: If this machine cannot start a process; no fault of the file.
    """
    header = inspect(content, limits)
    if isinstance(header, Rejection):
        yield from [header] * len(numbers)
        return
    request = Request(content, header.format, 1, limits, tuple(numbers))
    for answer in sandbox().pages(request):
        yield answer if isinstance(answer, Rejection) else _png(answer)


def _png(plane: Plane) -> bytes:
    return bytes(cv2.imencode(".png", plane, _FAST)[1])
