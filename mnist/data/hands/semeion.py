"""Semeion: 1,593 digits by about 80 people, 16x16, black and white (UCI, CC BY 4.0).

`semeion.data` has a digit a line: 256 pixels, row by row, 1 is ink; then ten columns of which the
digit's is 1. UCI writes `0.0000`, other copies `0`.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.data.hands.hands import Hands, parse_numbers, read_list, sha256_of
from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, SIDE, Images
from mnist.errors import InvalidDataset
from mnist.images.strokes import place

NAME = "semeion"

_SIDE = 16
_PER_PIXEL = 6
"""Outlines are smoothed at so many times the size of the source."""

_VARIATIONS = 3
_BLUR = (0.6, 0.9)
"""Standard deviation of the smoothing, in pixels of the source."""
_EDGE = (0.18, 0.34)
"""Share of ink at which an outline is drawn. Higher ones break strokes of one pixel."""
_STRETCHED = (0.9, 1.0)
_NARROWED = (0.55, 0.8)
_NARROWED_ONE = (0.3, 0.55)
"""Widths in shares of the height: as in the source, and as people write."""


def load_semeion(path: Path, seed: int) -> Hands:
    """Load Semeion; each digit in two proportions, each of them three times.

    Its makers stretched every digit to a square. So one placement leaves it like that, and one
    narrows it to a proportion that people write; pen and smoothing vary at random.

    Args:
        path: `semeion.data`, packed by gzip or not.
        seed: Determines the variations.

    Raises:
        InvalidDataset: If the file is not what it claims to be.
    """
    content = read_list(path)
    pixels, labels = _parse(content, str(path))
    rng = np.random.default_rng(seed)
    copies = 2 * _VARIATIONS
    images = np.concatenate(
        [_draw(pixels, labels, rng, narrow=copy % 2 == 1) for copy in range(copies)]
    )
    count = len(labels)
    return Hands(
        NAME,
        LabelledImages(images, np.tile(labels, copies)),
        originals=np.tile(np.arange(count), copies),
        writers=np.full(count * copies, ""),
        sha256=sha256_of(content),
    )


def _parse(content: bytes, place_name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    table = parse_numbers(content, _SIDE * _SIDE + CLASSES, place_name)
    pixels, marks = table[:, : _SIDE * _SIDE], table[:, _SIDE * _SIDE :]
    wrong = ~np.isin(table, (0, 1)).all(axis=1) | (marks.sum(axis=1) != 1)
    wrong |= ~pixels.any(axis=1)
    if wrong.any():
        raise InvalidDataset(
            f"{place_name}, line {int(wrong.argmax()) + 1} is no digit of Semeion; expected 256 "
            "pixels of 0 or 1 with ink among them, then ten columns of which one is 1."
        )
    return pixels.reshape(-1, _SIDE, _SIDE), marks.argmax(axis=1).astype(np.int64)


def _draw(
    pixels: NDArray[np.float32],
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    narrow: bool,
) -> Images:
    images = np.zeros((len(pixels), SIDE, SIDE), np.uint8)
    for row, (digit, label) in enumerate(zip(pixels, labels, strict=True)):
        proportions = (_NARROWED_ONE if label == 1 else _NARROWED) if narrow else _STRETCHED
        width = rng.uniform(*proportions)
        outline = _smooth(digit, rng.uniform(*_BLUR), rng.uniform(*_EDGE))
        left, top, across, down = cv2.boundingRect(outline)
        crop = outline[top : top + down, left : left + across]
        size = (max(1, round(width * down)), down)
        images[row] = place(np.asarray(cv2.resize(crop, size), np.uint8))
    return images


def _smooth(digit: NDArray[np.float32], blur: float, edge: float) -> NDArray[np.uint8]:
    """Draw a digit of 16x16 pixels larger and with smooth outlines, 0 or 255."""
    large = cv2.resize(
        np.pad(digit, 2), None, fx=_PER_PIXEL, fy=_PER_PIXEL, interpolation=cv2.INTER_NEAREST
    )
    soft = cv2.GaussianBlur(large, (0, 0), blur * _PER_PIXEL)
    # A line of one pixel may stay below any edge: then its own middle is the stroke.
    edge = min(edge, 0.8 * float(soft.max()))
    return (soft > edge).astype(np.uint8) * np.uint8(255)
