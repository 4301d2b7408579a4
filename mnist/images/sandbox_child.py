"""The process that decodes what is rare or odd: `python -m mnist.images.sandbox_child`, over pipes.

It holds no secrets (its environment is empty), cannot write files, and may use little memory; it
lives until its standard input closes.
"""

import io
import resource
import signal
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist.digits import Reason
from mnist.images.grey import to_grey
from mnist.images.header import Format, size_problem
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Limits, Plane, Rejection
from mnist.images.sandbox_protocol import READY, read_request, write_answer

_MEMORY_BYTES = 1_000_000_000
_SECONDS_FOR_AN_ORPHAN = 60
_PILLOW_NAMES = {Format.HEIC: "HEIF"}
_REDUCIBLE = {"L", "RGB", "RGBA", "CMYK", "YCbCr"}
_DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
    cv2.error,
)
"""What Pillow, its plugins and OpenCV raise over damaged files."""


def main() -> None:
    """Load every decoder, give up all rights, then decode one image after the other.

    A crash ends the process and costs the one image.
    """
    pillow_heif.register_heif_opener()
    Image.init()  # now, before the right to open files is gone
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked for every image
    _give_up_rights()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while (request := read_request(requests)) is not None:
        signal.alarm(_SECONDS_FOR_AN_ORPHAN)
        write_answer(answers, _decode_rare(*request))
        signal.alarm(0)


def _give_up_rights() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():  # elsewhere than on Linux, address space limits do not work
        used = int(status.read_text().split()[0]) * resource.getpagesize()
        limit = used + _MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _decode_rare(
    content: bytes, image_format: Format, orientation: int, limits: Limits
) -> Plane | Rejection:
    """Decode the first picture of a file with Pillow, and with OpenCV what Pillow lacks.

    Args:
        content: The file.
        image_format: As found by its content; no other decoder is tried.
        orientation: EXIF orientation found outside the file's own metadata, 1-8.
        limits: Checked against the header that the decoder read, before it decodes.
    """
    name = _PILLOW_NAMES.get(image_format, image_format.value)
    try:
        with Image.open(io.BytesIO(content), formats=[name]) as image:
            problem = size_problem(*image.size, limits)
            return problem or to_grey(_pixels(image), orientation)
    except MemoryError:
        return Rejection(Reason.TOO_LARGE, f"Decoding the {image_format} needs too much memory.")
    except UnidentifiedImageError:
        if image_format is Format.TIFF:
            return _deep_tiff(content, limits)
        return Rejection(Reason.CORRUPT, f"The data is no {image_format}, though it starts as one.")
    except _DAMAGE as error:
        return _damaged(image_format, error)


def _pixels(image: Image.Image) -> NDArray[Any]:
    """Bring Pillow's modes to grey, BGR or BGRA; deeper grey stays as deep as it is."""
    enough = 2 * PARAMETERS.working_side
    image.draft(None, (enough, enough))
    image.load()
    transparent = "transparency" in image.info or image.mode in {"PA", "LA", "La", "RGBa"}
    factor = max(image.size) // enough
    upright = image.reduce(factor) if factor > 1 and image.mode in _REDUCIBLE else image
    ImageOps.exif_transpose(upright, in_place=True)
    if upright.mode.startswith(("I", "F")):
        return np.asarray(upright)
    if upright.mode == "LAB":
        return np.asarray(upright.getchannel(0))
    if transparent or upright.mode == "RGBA":
        return cv2.cvtColor(np.asarray(upright.convert("RGBA")), cv2.COLOR_RGBA2BGRA)
    if upright.mode in {"1", "L"}:
        return np.asarray(upright.convert("L"))
    return cv2.cvtColor(np.asarray(upright.convert("RGB")), cv2.COLOR_RGB2BGR)


def _deep_tiff(content: bytes, limits: Limits) -> Plane | Rejection:
    """Read the TIFFs with deep colour that Pillow does not know; OpenCV has libtiff as well."""
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        return _damaged(Format.TIFF, error)
    if pixels is None:
        return Rejection(Reason.CORRUPT, "The TIFF data cannot be decoded.")
    return size_problem(pixels.shape[1], pixels.shape[0], limits) or to_grey(pixels)


def _damaged(image_format: Format, error: Exception) -> Rejection:
    message = " ".join(str(error).split())[:120]
    cut = "truncated" in message.lower() or "end of file" in message.lower()
    reason = Reason.TRUNCATED if cut or isinstance(error, EOFError) else Reason.CORRUPT
    return Rejection(reason, f"The {image_format} data cannot be decoded: {message}.")


if __name__ == "__main__":
    main()
