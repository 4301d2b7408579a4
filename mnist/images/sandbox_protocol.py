"""Requests and answers between a worker and its sandboxed decoder. Neither side ever unpickles.

The worker trusts no answer: it is a small grey picture, a number of pages or one of the reasons, or
it is refused.
"""

from struct import Struct, pack, unpack
from typing import IO, NamedTuple

import numpy as np

from mnist.digits import Reason
from mnist.images.header import Format
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Limits, Plane, Rejection

READY = b"R"
_REQUEST = Struct(">8sB?QQIIII")
_ANSWER = Struct(">II")
_PAGES = 0xFFFFFFFF
_MOST_TEXT = 1_000

Answer = Plane | Rejection | int
"""A picture, why there is none, or how many pages there are instead of one picture."""


class Request(NamedTuple):
    """One file to decode.

    Attributes:
        content: The file.
        image_format: As found by its content.
        orientation: EXIF orientation found outside of it, 1-8.
        limits: What it may cost.
        pages: Numbers of the pages to decode, one answer each; none asks for the file as one
            picture, and the answer is the number of its pages if it has several.
        count_only: Whether only that number is asked for.
    """

    content: bytes
    image_format: Format
    orientation: int
    limits: Limits
    pages: tuple[int, ...] = ()
    count_only: bool = False


class BrokenAnswer(Exception):
    """The decoder ended, or sent something that is no answer."""


def write_request(pipe: IO[bytes], request: Request) -> None:
    """Send one file."""
    content, image_format, orientation, limits, pages, count_only = request
    name = image_format.value.encode()
    bounds = limits.max_bytes, limits.max_pixels, limits.max_pages, limits.longest_side
    pipe.write(_REQUEST.pack(name, orientation, count_only, *bounds, len(pages), len(content)))
    pipe.write(pack(f">{len(pages)}I", *pages))
    pipe.write(content)
    pipe.flush()


def read_request(pipe: IO[bytes]) -> Request | None:
    """Receive one file; None when there will be no more."""
    head = pipe.read(_REQUEST.size)
    if len(head) < _REQUEST.size:
        return None
    name, orientation, count_only, *bounds, page_count, size = _REQUEST.unpack(head)
    pages = unpack(f">{page_count}I", pipe.read(4 * page_count))
    content = pipe.read(size)
    image_format = Format(name.rstrip(b"\0").decode())
    return Request(content, image_format, orientation, Limits(*bounds), pages, count_only)


def write_answer(pipe: IO[bytes], answer: Answer) -> None:
    """Send a picture as height, width, pixels; a rejection as 0, length, text."""
    if isinstance(answer, Rejection):
        text = f"{answer.reason}\n{answer.detail}".encode()[:_MOST_TEXT]
        pipe.write(_ANSWER.pack(0, len(text)) + text)
    elif isinstance(answer, int):
        pipe.write(_ANSWER.pack(_PAGES, answer))
    else:
        pipe.write(_ANSWER.pack(*answer.shape) + answer.tobytes())
    pipe.flush()


def read_answer(pipe: IO[bytes], longest_side: int = 2 * PARAMETERS.working_side) -> Answer:
    """Receive a picture, a rejection or a number of pages.

    Raises:
        BrokenAnswer: If the pipe ends, or the answer is larger or other than it may be.
    """
    height, width = _ANSWER.unpack(_exactly(pipe, _ANSWER.size))
    if height == 0:
        return _rejection(_exactly(pipe, min(width, _MOST_TEXT)))
    if height == _PAGES and width:
        return int(width)
    if not width or max(height, width) >= longest_side:
        raise BrokenAnswer(f"a picture of {width}x{height} pixels")
    pixels = np.frombuffer(_exactly(pipe, height * width), np.uint8)
    return pixels.reshape(height, width).copy()


def _rejection(text: bytes) -> Rejection:
    code, _, detail = text.decode(errors="replace").partition("\n")
    if code not in set(Reason):
        raise BrokenAnswer(f"the reason {code!r}")
    return Rejection(Reason(code), detail)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise BrokenAnswer("nothing more")
    return data
