"""The one door: bytes in, a digit or a reason out."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import SIDE, Reason
from mnist.images.containers import PNG_SIGNATURE
from mnist.images.formats import inspect
from mnist.images.grey import to_grey
from mnist.images.header import Format, Header
from mnist.images.native import native_results
from mnist.images.pipelines import Trace, run
from mnist.images.results import Decoded, Limits, Pipeline, Plane, Rejection, SeveralPages
from mnist.images.sandbox import sandbox
from mnist.images.sandbox_protocol import Request

_DEFAULT_LIMITS = Limits()

_PIXELS_IN_PROCESS = 4_000_000
"""Larger pictures are decoded in the sandbox, where memory is limited."""

_PNG_OF_28_BY_28 = PNG_SIGNATURE + struct.pack(">I4sII", 13, b"IHDR", SIDE, SIDE)

_DIVIDED = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the preprocessing.

    Attributes:
        name: What was done, for people.
        picture: Its result, uint8, shape (h, w).
    """

    name: str
    picture: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `decode` returned, and how it got there."""

    stages: tuple[Stage, ...]
    result: Decoded | Rejection


def decode(
    content: bytes, limits: Limits = _DEFAULT_LIMITS, pipeline: Pipeline | None = None
) -> Decoded | Rejection:
    """Turn the bytes of an image file into 28x28 pixels. Safe on any bytes.

    No bytes make it raise, and any number of threads may call it at once.

    Args:
        content: The file. Its format is found by content; its name does not matter.
        limits: Files with more bytes or pixels are rejected before they are decoded.
        pipeline: Force one; by default training-like images take `standard`, others `enhanced`.

    Raises:
        Unavailable: If a rare format needs the sandbox and this machine cannot start a process;
            no fault of the image, so trying again may help.
    """
    return _decode(content, limits, pipeline, lambda *_: None)


def decode_native(contents: Sequence[object], limits: Limits) -> list[Decoded | None]:
    """Decode those files at once that are PNGs of 28x28 pixels in MNIST's format.

    Nearly all files of a batch may be such. Together, one costs half of what `decode` costs, and
    threads beside this one are disturbed less often.

    Args:
        contents: Files, and what is none, for which nothing is returned.
        limits: As in `decode`.

    Returns:
        For each what `decode` returns for it, its `source` to within rounding, or None, which says
        nothing about the file.
    """
    planes: dict[int, Plane] = {}
    for number, content in enumerate(contents):
        if isinstance(content, bytes) and content.startswith(_PNG_OF_28_BY_28):
            plane = load_plane(content, limits)
            if not isinstance(plane, Rejection):
                planes[number] = plane
    results: list[Decoded | None] = [None] * len(contents)
    if planes:
        for number, result in zip(
            planes, native_results(np.stack([*planes.values()])), strict=True
        ):
            results[number] = result
    return results


def stages(
    content: bytes, limits: Limits = _DEFAULT_LIMITS, pipeline: Pipeline | None = None
) -> Inspection:
    """Do what `decode` does, and keep the picture of every stage."""
    kept: list[Stage] = []
    result = _decode(
        content, limits, pipeline, lambda name, picture: kept.append(Stage(name, _visible(picture)))
    )
    return Inspection(tuple(kept), result)


def _visible(picture: NDArray[Any]) -> Plane:
    """Copy a picture as grey levels: full ink, and what a mask marks, are white."""
    if picture.dtype == np.uint8:
        return picture.copy()
    return np.asarray(np.clip(picture, 0, 1) * 255, np.uint8)


def _decode(
    content: bytes, limits: Limits, pipeline: Pipeline | None, trace: Trace
) -> Decoded | Rejection:
    plane = load_plane(content, limits)
    if isinstance(plane, Rejection):
        return plane
    trace("grey", plane)
    result = run(plane, pipeline, trace)
    if isinstance(result, Decoded):
        trace("result", result.pixels)
    return result


def load_plane(content: bytes, limits: Limits = _DEFAULT_LIMITS) -> Plane | Rejection:
    """Turn the bytes of an image file into one upright grey picture. Safe on any bytes.

    Args:
        content: The file.
        limits: As in `decode`; a picture is divided until it is shorter than `longest_side`.

    Raises:
        Unavailable: As in `decode`.
    """
    header = inspect(content, limits)
    if isinstance(header, Rejection):
        return header
    if header.several:
        request = Request(content, header.format, 1, limits, count_only=True)
        counted = sandbox().decode(request)
        if isinstance(counted, int) and counted > 1:
            return SeveralPages.of(counted, header.format, limits)
    by = _divisor(header, limits)
    if header.plain and header.width * header.height <= _PIXELS_IN_PROCESS * by**2:
        return _decode_in_process(header, limits, by)
    request = Request(header.payload, header.format, header.orientation, limits)
    answer = sandbox().decode(request)
    return SeveralPages.of(answer, header.format, limits) if isinstance(answer, int) else answer


def use_one_core_for_each_picture() -> None:
    """Keep OpenCV from dividing the work on one picture: many at once go through faster undivided.

    Holds for this process. Pixels are the same either way.
    """
    cv2.setNumThreads(1)


def _divisor(header: Header, limits: Limits) -> int:
    """Say by how much JPEG's decoder may divide a large picture: it need not make those pixels."""
    times = max(header.width, header.height) // limits.enough
    return max((by for by in _DIVIDED if by <= times and header.format is Format.JPEG), default=1)


def _decode_in_process(header: Header, limits: Limits, by: int) -> Plane | Rejection:
    flag = _DIVIDED.get(by, cv2.IMREAD_UNCHANGED)
    try:
        pixels = cv2.imdecode(np.frombuffer(header.payload, np.uint8), flag)
    except cv2.error:
        pixels = None
    if pixels is None:
        return Rejection(Reason.CORRUPT, f"The {header.format} data cannot be decoded.")
    return to_grey(pixels, header.orientation, limits.longest_side)
