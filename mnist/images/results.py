"""Types of the preprocessing: pictures between its stages, limits, results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import Image, Images, ImageWarning, Reason
from mnist.images.parameters import PARAMETERS

if TYPE_CHECKING:  # a sandboxed decoder starts without reading any settings
    from mnist.settings import Settings


Plane = NDArray[np.uint8]
"""Grey image or mask of any size, shape (h, w), values 0-255 or 0-1."""

Ink = NDArray[np.float32]
"""Strength of ink, shape (h, w): about 0 on the ground, 1 for black ink on white paper."""

Pixels = NDArray[np.uint8]
"""Decoded pixels, shape (h, w), (h, w, 3) BGR or (h, w, 4) BGRA, values 0-255."""


class Pipeline(StrEnum):
    """How an image became 28x28."""

    STANDARD = "standard"
    ENHANCED = "enhanced"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. All are checked before a decoder sees the image.

    Attributes:
        max_bytes: Size of the file, in bytes.
        max_pixels: Width times height, in pixels, as the header declares them.
        max_pages: Pages of a file; a file with more is rejected whole.
        longest_side: Pixels; a picture is divided by a whole number until its sides are shorter
            than this. A page of many digits needs more than one digit does.
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    max_pages: int = 2_000
    longest_side: int = 2 * PARAMETERS.working_side

    @property
    def enough(self) -> int:
        """Pixels of the longest side that are left at least where more were there."""
        return self.longest_side // 2

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the limits that the environment sets."""
        return cls(settings.max_image_bytes, settings.max_image_pixels, settings.max_pages)


@dataclass(frozen=True, slots=True)
class Source:
    """What the picture was like before anything was done to it: what a scanner changes.

    Attributes:
        width: Pixels, upright; a side of 2,000 or more has been divided to less.
        height: The same.
        brightness: Mean grey level of the uppermost and the lowest line, 0-255: that of the
            paper, however much is written on it.
        contrast: Lightest less darkest grey level, 0-255.
        sharpness: Largest step between neighbouring pixels as a share of the contrast, 0-1: about
            1 for a hard edge, less the more a lens or a compression blurs it.
        coverage: Mean distance from the paper as a share of the contrast, 0-1: how much is ink.
    """

    width: int
    height: int
    brightness: float
    contrast: float
    sharpness: float = 0.0
    coverage: float = 0.0

    @classmethod
    def of(cls, plane: Plane) -> Source:
        """Measure a grey picture of any size."""
        height, width = plane.shape
        paper = (cv2.mean(plane[:1])[0] + cv2.mean(plane[-1:])[0]) / 2
        darkest, lightest, _, _ = cv2.minMaxLoc(plane)
        contrast = lightest - darkest
        steps = plane[:, 1:], plane[:, :-1]
        largest = cv2.norm(*steps, cv2.NORM_INF) if width > 1 else 0.0
        if not contrast:
            return cls(width, height, paper, contrast)
        coverage = abs(cv2.mean(plane)[0] - paper) / contrast
        return cls(width, height, paper, contrast, largest / contrast, coverage)

    @classmethod
    def of_many(cls, planes: Images) -> list[Source]:
        """Measure grey pictures of one size, shape (n, h, w), uint8; the same numbers as `of`."""
        count, height, width = planes.shape
        pixels = planes.reshape(count, -1)
        paper = planes[:, (0, -1)].mean(axis=(1, 2))
        contrast = pixels.max(axis=1).astype(np.float64) - pixels.min(axis=1)
        left, right = planes[:, :, :-1], planes[:, :, 1:]
        steps = (np.maximum(left, right) - np.minimum(left, right)).reshape(count, -1)
        scale = np.maximum(contrast, 1)
        sharpness = steps.max(axis=1, initial=0) / scale
        coverage = np.where(contrast > 0, np.abs(pixels.mean(axis=1) - paper) / scale, 0)
        measured = (column.tolist() for column in (paper, contrast, sharpness, coverage))
        return [cls(width, height, *numbers) for numbers in zip(*measured, strict=True)]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The pixels of one digit, as a network takes them.

    Attributes:
        pixels: Shape (28, 28), uint8, 0-255, bright ink on dark ground.
        warnings: What is odd about the image; empty for most.
        pipeline: The pipeline that made the pixels, `standard` or `enhanced`.
        source: The picture it was found in.
    """

    pixels: Image
    warnings: tuple[ImageWarning, ...]
    pipeline: str
    source: Source


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why there is no digit.

    Attributes:
        reason: The code that dashboards and clients rely on.
        detail: One short sentence about this very image, with the value that decided.
    """

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class SeveralPages(Rejection):
    """A file with more than one page is no image; each of its pages is one.

    Attributes:
        pages: How many it has, at least 2 and within the limit.
    """

    pages: int

    @classmethod
    def of(cls, pages: int, image_format: str, limits: Limits) -> Rejection:
        """Say that a file has several pages, or that these are more than the limit."""
        count = f"The {image_format} has {pages} pages"
        if pages > limits.max_pages:
            return Rejection(Reason.TOO_LARGE, f"{count}; at most {limits.max_pages} are read.")
        return cls(Reason.SEVERAL_PAGES, f"{count}; in the inbox each gets a row.", pages)
