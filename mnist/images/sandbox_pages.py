"""The files that can have several pages, opened in the decoder process."""

import io
from typing import Any, Protocol

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist.digits import Reason
from mnist.images.header import Format, size_problem
from mnist.images.results import Limits, Rejection
from mnist.images.tiff_pages import page_directories

_PILLOW_NAMES = {Format.HEIC: "HEIF"}
_REDUCIBLE = {"L", "RGB", "RGBA", "CMYK", "YCbCr"}
_DOTS_PER_POINT = 300 / 72
_MOST_HEAD = 65_536
_LOCKED = "password"
_GAIN_MAPS = (b"hdrgainmap", b"hdrgm:")
_MP_ENTRIES = 0xB002

Pixels = NDArray[Any]


class PagedFile(Protocol):
    """A file whose pages were counted."""

    @property
    def count(self) -> int:
        """How many pages it has, 1 or more."""

    def pixels(self, number: int, limits: Limits) -> Pixels | Rejection:
        """Decode a page, numbered from 1: grey, BGR or BGRA, no larger than needed."""


def open_file(content: bytes, image_format: Format) -> PagedFile | Rejection:
    """Open a file and count its pages; whatever Pillow or PDFium raise over it goes through."""
    if image_format is Format.PDF:
        return _open_pdf(content)
    if image_format is Format.TIFF:
        return _Tiff(content)
    return _Pictures(content, image_format)


def open_picture(content: bytes, image_format: Format) -> Image.Image:
    """Open a file with Pillow's decoder for this format and with no other one."""
    name = _PILLOW_NAMES.get(image_format, image_format.value)
    return Image.open(io.BytesIO(content), formats=[name])


def pixels_of(image: Image.Image, limits: Limits, *, keep: bool = False) -> Pixels:
    """Bring Pillow's modes to grey, BGR or BGRA; deeper grey stays as deep as it is.

    Args:
        image: An opened file.
        limits: Say how many of its pixels are enough.
        keep: Whether the file is still needed as it is, for its next page.
    """
    image.load()
    transparent = "transparency" in image.info or image.mode in {"PA", "LA", "La", "RGBa"}
    factor = max(image.size) // limits.enough
    upright = image.reduce(factor) if factor > 1 and image.mode in _REDUCIBLE else image
    if keep:
        upright = ImageOps.exif_transpose(upright)
    else:
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


class _Pictures:
    """A file whose pages are Pillow's frames.

    Args:
        content: The file.
        image_format: Its format.
    """

    def __init__(self, content: bytes, image_format: Format) -> None:
        self._image = open_picture(content, image_format)
        self._frames = self._numbered(content)

    @property
    def count(self) -> int:
        return len(self._frames)

    def pixels(self, number: int, limits: Limits) -> Pixels | Rejection:
        self._image.seek(self._frames[number - 1])
        return size_problem(*self._image.size, limits) or pixels_of(self._image, limits, keep=True)

    def _numbered(self, content: bytes) -> list[int]:
        """Number the frames that are pages: no previews, and no maps of how bright they are."""
        entries = getattr(self._image, "mpinfo", None)
        if entries is None:
            return list(range(getattr(self._image, "n_frames", 1)))
        start = content.find(b"MPF\0") + 4
        return [
            number
            for number, entry in enumerate(entries[_MP_ENTRIES])
            if not number or _is_page(content, start, entry)
        ]


def _is_page(content: bytes, start: int, entry: Any) -> bool:
    """Tell whether one of the pictures of a JPEG (CIPA DC-007) stands for itself."""
    if "Thumbnail" in entry["Attribute"]["MPType"]:
        return False
    begin = start + entry["DataOffset"]
    head = content[begin : begin + min(entry["Size"], _MOST_HEAD)]
    return not any(mark in head for mark in _GAIN_MAPS)


class _Tiff:
    """A TIFF, read by Pillow, and by OpenCV where Pillow does not know the depth of a page."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._directories = page_directories(content) or [0]
        try:
            self._image: Image.Image | None = open_picture(content, Format.TIFF)
        except UnidentifiedImageError:
            self._image = None

    @property
    def count(self) -> int:
        return len(self._directories)

    def pixels(self, number: int, limits: Limits) -> Pixels | Rejection:
        directory = self._directories[number - 1]
        if self._image is None:
            return deep_tiff(self._content, directory, limits)
        try:
            self._image.seek(directory)
        except (SyntaxError, KeyError):  # a mode that Pillow does not know
            return deep_tiff(self._content, directory, limits)
        return size_problem(*self._image.size, limits) or pixels_of(self._image, limits, keep=True)


def deep_tiff(content: bytes, directory: int, limits: Limits) -> Pixels | Rejection:
    """Decode what Pillow does not know, as deep colour; OpenCV has libtiff as well."""
    _, pictures = cv2.imdecodemulti(
        np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED, range=(directory, directory + 1)
    )
    if not pictures:
        return Rejection(Reason.CORRUPT, "The TIFF data cannot be decoded.")
    height, width = pictures[0].shape[:2]
    return size_problem(width, height, limits) or pictures[0]


class _Pdf:
    """A PDF, drawn by PDFium at the resolution of a scan, with what is filled into its form."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document
        document.init_forms()

    @property
    def count(self) -> int:
        return len(self._document)

    def pixels(self, number: int, limits: Limits) -> Pixels | Rejection:
        page = self._document[number - 1]
        try:
            longest = max(1.0, *page.get_size())
            scale = min(_DOTS_PER_POINT, (limits.longest_side - 1) / longest)
            width, height = (max(1, round(scale * side)) for side in page.get_size())
            problem = size_problem(width, height, limits)
            return problem or page.render(scale=scale).to_numpy().copy()
        finally:
            page.close()


def _open_pdf(content: bytes) -> PagedFile | Rejection:
    try:
        document = pypdfium2.PdfDocument(content)
        return _Pdf(document) if len(document) else Rejection(Reason.EMPTY, "The PDF has no page.")
    except pypdfium2.PdfiumError as error:
        if _LOCKED in str(error).lower():
            return Rejection(Reason.ENCRYPTED, "The PDF is locked with a password.")
        raise
