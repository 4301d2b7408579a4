"""Images in the bodies that clients send besides files: JSON, forms of a canvas, NumPy arrays."""

import base64
import binascii
import io
import json
import math
import re
import zlib
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import cv2
import numpy as np
from numpy.typing import NDArray

from api.problems import Problem
from mnist.digits import SIDE

_NAMES = ("image", "file", "data", "img", "content", "b64", "image_bytes", "canvas")
_LISTS = ("instances", "images", "inputs", "files")
_NUMPY = b"\x93NUMPY"
_FORM = "application/x-www-form-urlencoded"
_HOW = (
    'Send the file itself (`curl -F "file=@digit.png"` or `--data-binary @digit.png`), or JSON '
    '{"image": "<base64 or data URL>"} or {"instances": [28 rows of 28 numbers]}, or an .npy file.'
)
_FIELD = re.compile(rb"[\w-]{1,40}=")
_LEAST_BASE64 = 16


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """Undo the `Content-Encoding` of a body.

    Raises:
        Problem: If it is not gzip or deflate, broken, or unpacks to more than `most` bytes.
    """
    for name in reversed([name.strip().lower() for name in encoding.split(",")]):
        if name in {"", "identity"}:
            continue
        if name not in {"gzip", "x-gzip", "deflate"}:
            message = "Send the body as it is, or packed with `Content-Encoding: gzip`."
            status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            raise Problem(status, "unsupported-encoding", message, f"Content-Encoding: {name}")
        body = _inflated(body, most)
    return body


def _inflated(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out whether it is gzip or zlib
    try:
        content = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        message = "The body is not packed as its Content-Encoding says."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-encoding", message, str(error)) from error
    if len(content) > most:
        message = "The request is too large when it is unpacked; send fewer or smaller files."
        detail = f"at most {most} bytes are accepted"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", message, detail)
    if not unpacker.eof:
        message = "The packed body ends too early."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-encoding", message, f"{len(body)} bytes")
    return content


def images_in(body: bytes, content_type: str, most: int) -> tuple[list[bytes], bool]:
    """Find the image files in a body that is no multipart form.

    Arrays become PNG files, so that they are decoded as every image is.

    Args:
        body: Unpacked.
        content_type: As declared; what the body begins with counts more.
        most: Images that a request may hold.

    Returns:
        The files, and whether the client asked for a list of predictions.

    Raises:
        Problem: If there is no image in it, saying how to send one.
    """
    start = body[:64].lstrip()
    if body.startswith(_NUMPY):
        return _of_array(_numpy(body), most)
    if start.startswith((b"{", b"[", b'"')):
        return _of_json(_parsed(body), most)
    if start.startswith(b"data:"):
        return [image_of_text(body.decode("latin-1"))], False
    if content_type.startswith(_FORM) and _FIELD.match(body):  # curl sends bare files as forms
        fields = parse_qs(body.decode("latin-1"))
        images = [value for name in _NAMES for value in fields.get(name, ())]
        if images:
            return [image_of_text(value) for value in images[:most]], False
    return [body], False


def is_data_url(text: str) -> bool:
    """Tell whether a field of a form holds an image as text, as a canvas gives it."""
    return text.startswith("data:image/")


def _of_json(content: Any, most: int) -> tuple[list[bytes], bool]:
    is_list = isinstance(content, list)
    if isinstance(content, dict):
        name = next((name for name in (*_LISTS, *_NAMES) if name in content), None)
        is_list = name in _LISTS
        content = content.get(name) if name else None
    if isinstance(content, list) and content and not _is_numeric(content):
        _require_few(len(content), most)
        return [_of_item(item) for item in content], True
    if isinstance(content, list):
        files, several = _of_array(_array(content), most)
        return files, several or is_list
    return [_of_item(content)], is_list


def _is_numeric(content: Any) -> bool:
    while isinstance(content, list) and content:
        content = content[0]
    return isinstance(content, int | float)


def _of_item(item: Any) -> bytes:
    match item:
        case str():
            return image_of_text(item)
        case list():
            (file,), _ = _of_array(_array(item), 1)
            return file
        case dict():
            return _of_item(next((item[name] for name in _NAMES if name in item), None))
        case _:
            raise _no_image(f"{type(item).__name__} where an image was expected")


def image_of_text(text: str) -> bytes:
    """Read a data URL or base64.

    Raises:
        Problem: If it is neither.
    """
    head, comma, tail = text.partition(",") if text.startswith("data:") else ("", "", text)
    if comma and not head.endswith(";base64"):
        raise _no_image(f"a data URL that begins {head[:40]!r} and is not base64")
    packed = "".join((tail if comma else text).replace(" ", "+").split())
    try:
        content = base64.b64decode(packed.translate({45: 43, 95: 47}) + "==", validate=False)
    except (binascii.Error, ValueError) as error:
        raise _no_image(f"text that is no base64: {text[:40]!r}") from error
    if len(packed) < _LEAST_BASE64:
        raise _no_image(f"text that is too short for an image: {text[:40]!r}")
    return content


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_image(f"JSON that cannot be read: {error}"[:200]) from error


def _array(content: list[Any]) -> NDArray[Any]:
    try:
        return np.asarray(content, np.float64)
    except (ValueError, TypeError) as error:
        raise _no_image(f"an array that is not rectangular: {error}"[:200]) from error


def _numpy(body: bytes) -> NDArray[Any]:
    """Read an .npy file without executing what pickled objects would."""
    stream = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else None
        shape, is_fortran, kind = (read or np.lib.format.read_array_header_2_0)(stream)
    except ValueError as error:
        raise _no_image(f"an .npy file that cannot be read: {error}"[:200]) from error
    left = len(body) - stream.tell()
    if kind.kind not in "biuf" or math.prod(shape) * kind.itemsize != left:
        raise _no_image(f"an .npy file of type {kind} and shape {shape} in {left} bytes")
    flat = np.frombuffer(body, kind, offset=stream.tell())
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _of_array(array: NDArray[Any], most: int) -> tuple[list[bytes], bool]:
    images, several = _as_images(array) if array.size else ([], True)
    if not images:
        raise _no_image(f"an array of shape {array.shape}, which is empty")
    _require_few(len(images), most)
    return [_png(image) for image in images], several


def _as_images(array: NDArray[Any]) -> tuple[Sequence[NDArray[Any]], bool]:
    shape = array.shape[:-1] if array.shape[-1:] == (1,) else array.shape
    match shape:
        case (pixels,) if pixels == SIDE * SIDE:
            return [array.reshape(SIDE, SIDE)], False
        case (int(), pixels) if pixels == SIDE * SIDE:
            return [*array.reshape(-1, SIDE, SIDE)], True
        case (int(height), int(width)) if height and width:
            return [array.reshape(height, width)], False
        case (int(), int(height), int(width)) if height and width:
            return [*array.reshape(-1, height, width)], True
        case _:
            raise _no_image(
                f"an array of shape {array.shape}; expected (28, 28), (784,) or several of them"
            )


def _png(image: NDArray[Any]) -> bytes:
    lowest, highest = float(image.min()), float(image.max())
    if not (lowest >= 0 and highest <= 255):  # NaN as well
        raise _no_image(f"numbers from {lowest:g} to {highest:g}; expected 0 to 1 or 0 to 255")
    scaled = image * 255.0 if highest <= 1 else image
    packed, content = cv2.imencode(".png", np.rint(scaled).astype(np.uint8))
    if not packed:
        raise _no_image(f"an array of shape {image.shape} that makes no image")
    return content.tobytes()


def _require_few(count: int, most: int) -> None:
    if count > most:
        message = "Too many images at once; send them in several requests."
        detail = f"{count} images; at most {most} are accepted"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", message, detail)


def _no_image(what: str) -> Problem:
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-an-image", _HOW, f"The body has {what}.")
