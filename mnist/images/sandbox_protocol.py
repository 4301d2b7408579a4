"""Requests and answers between a worker and its sandboxed decoder. Neither side ever unpickles.

The worker trusts no answer: it is a small grey picture or one of the reasons, or it is refused.
"""

from struct import Struct
from typing import IO, NamedTuple

import numpy as np

from mnist.digits import Reason
from mnist.images.header import Format
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Limits, Plane, Rejection

READY = b"R"
_REQUEST = Struct(">8sBQQI")
_ANSWER = Struct(">II")
_MOST_TEXT = 1_000


class Request(NamedTuple):
    """One image to decode."""

    content: bytes
    image_format: Format
    orientation: int
    limits: Limits


class BrokenAnswer(Exception):
    """The decoder ended, or sent something that is no answer."""


def write_request(pipe: IO[bytes], request: Request) -> None:
    """Send one image."""
    content, image_format, orientation, limits = request
    name = image_format.value.encode()
    sizes = limits.max_bytes, limits.max_pixels, len(content)
    pipe.write(_REQUEST.pack(name, orientation, *sizes))
    pipe.write(content)
    pipe.flush()


def read_request(pipe: IO[bytes]) -> Request | None:
    """Receive one image; None when there will be no more."""
    head = pipe.read(_REQUEST.size)
    if len(head) < _REQUEST.size:
        return None
    name, orientation, max_bytes, max_pixels, size = _REQUEST.unpack(head)
    content = pipe.read(size)
    image_format = Format(name.rstrip(b"\0").decode())
    return Request(content, image_format, orientation, Limits(max_bytes, max_pixels))


def write_answer(pipe: IO[bytes], answer: Plane | Rejection) -> None:
    """Send a picture as height, width, pixels; a rejection as 0, length, text."""
    if isinstance(answer, Rejection):
        text = f"{answer.reason}\n{answer.detail}".encode()[:_MOST_TEXT]
        pipe.write(_ANSWER.pack(0, len(text)) + text)
    else:
        pipe.write(_ANSWER.pack(*answer.shape) + answer.tobytes())
    pipe.flush()


def read_answer(pipe: IO[bytes]) -> Plane | Rejection:
    """Receive a picture or a rejection.

    Raises:
        BrokenAnswer: If the pipe ends, or the answer is larger or other than it may be.
    """
    height, width = _ANSWER.unpack(_exactly(pipe, _ANSWER.size))
    if height == 0:
        return _rejection(_exactly(pipe, min(width, _MOST_TEXT)))
    if not width or max(height, width) > PARAMETERS.working_side:
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
