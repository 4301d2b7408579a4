"""The process that decodes what is rare or odd: `python -m mnist.images.sandbox_child`, over pipes.

It holds no secrets (its environment is empty), cannot write files, and may use little memory; it
lives until its standard input closes.
"""

import resource
import signal
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import pillow_heif
import pypdfium2
from PIL import Image, UnidentifiedImageError

from mnist.digits import Reason
from mnist.images.grey import to_grey
from mnist.images.header import Format, size_problem
from mnist.images.results import Limits, Rejection
from mnist.images.sandbox_pages import (
    PagedFile,
    deep_tiff,
    open_file,
    open_picture,
    pixels_of,
)
from mnist.images.sandbox_protocol import READY, Answer, Request, read_request, write_answer

_MEMORY_BYTES = 1_000_000_000
_SECONDS_FOR_AN_ORPHAN = 60
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
    pypdfium2.PdfiumError,
)
"""What Pillow, its plugins, OpenCV and PDFium raise over damaged files."""


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
        for answer in _answers(request):
            signal.alarm(0)
            write_answer(answers, answer)
            signal.alarm(_SECONDS_FOR_AN_ORPHAN)
        signal.alarm(0)


def _give_up_rights() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():  # elsewhere than on Linux, address space limits do not work
        used = int(status.read_text().split()[0]) * resource.getpagesize()
        limit = used + _MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _answers(request: Request) -> Iterator[Answer]:
    """Answer with one picture or the number of pages, or with one picture for each page asked."""
    if not request.pages:
        yield _guarded(request, lambda: _whole(request))
        return
    source: PagedFile | Rejection | None = None
    for number in request.pages:
        source = source or _opened(request)
        if isinstance(source, Rejection):
            yield source
            continue
        answer = _guarded(request, partial(_page, source, number, request.limits))
        if isinstance(answer, Rejection):
            source = None  # which damage may have left in any state
        yield answer


def _guarded(request: Request, decode: Callable[[], Answer]) -> Answer:
    """Turn what decoders raise over damaged files into a rejection."""
    name = request.image_format
    try:
        return decode()
    except MemoryError:
        return Rejection(Reason.TOO_LARGE, f"Decoding the {name} needs too much memory.")
    except UnidentifiedImageError:
        return Rejection(Reason.CORRUPT, f"The data is no {name}, though it starts as one.")
    except _DAMAGE as error:
        return _damaged(name, error)


def _opened(request: Request) -> PagedFile | Rejection:
    opened: list[PagedFile | Rejection] = []

    def count() -> int:
        opened.append(open_file(request.content, request.image_format))
        return 1

    problem = _guarded(request, count)
    return problem if isinstance(problem, Rejection) else opened[0]


def _page(source: PagedFile, number: int, limits: Limits) -> Answer:
    if not 1 <= number <= source.count:
        return Rejection(Reason.CORRUPT, f"There is no page {number}; there are {source.count}.")
    pixels = source.pixels(number, limits)
    return pixels if isinstance(pixels, Rejection) else to_grey(pixels, 1, limits.longest_side)


def _whole(request: Request) -> Answer:
    """Decode a file of one picture, or say how many pages it has.

    Pillow decodes it, and OpenCV what Pillow lacks. Sizes are checked against the header that the
    decoder read, before it decodes.
    """
    content, image_format, orientation, limits = request[:4]
    source = open_file(content, image_format)
    if isinstance(source, Rejection):
        return source
    if source.count > 1 or request.count_only:
        return source.count
    if image_format is Format.PDF:
        return _page(source, 1, limits)
    try:
        with open_picture(content, image_format) as image:
            problem = size_problem(*image.size, limits)
            if problem is not None:
                return problem
            image.draft(None, (limits.enough, limits.enough))
            return to_grey(pixels_of(image, limits), orientation, limits.longest_side)
    except UnidentifiedImageError:
        pixels = deep_tiff(content, 0, limits)
        return pixels if isinstance(pixels, Rejection) else to_grey(pixels, 1, limits.longest_side)


def _damaged(image_format: Format, error: Exception) -> Rejection:
    message = " ".join(str(error).split())[:120]
    cut = "truncated" in message.lower() or "end of file" in message.lower()
    reason = Reason.TRUNCATED if cut or isinstance(error, EOFError) else Reason.CORRUPT
    return Rejection(reason, f"The {image_format} data cannot be decoded: {message}.")


if __name__ == "__main__":
    main()
