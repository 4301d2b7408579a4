"""Lines of several digits, drawn from single ones: what a line network learns from.

Nobody labels enough lines of writing, and single digits are there in plenty. So each line takes
digits of any hands, gives them one slant, pen and size as one writer has, and sets them apart,
close or touching, with signs between them and the remains of ruling around.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Images
from mnist.layouts.line_images import DIGIT_HEIGHT, LINE_HEIGHT, MARGIN

Ink = NDArray[np.float32]
"""Strength of ink, 0-1, shape (h, w)."""

_INKED = 30
"""Grey level of an image from which on a pixel belongs to its digit."""

_STROKE = 0.4
"""Strength of ink from which on a pixel belongs to a stroke."""

_DIGIT_SIDE = 20
"""Pixels of a digit's longer side in MNIST."""

GAPS = {"apart": (0.12, 0.7), "close": (-0.05, 0.15)}
"""Between digits, in shares of their height."""

SPACINGS = (*GAPS, "touching", "mixed")


class Strip(NamedTuple):
    """A line of digits.

    Attributes:
        image: Bright ink on dark ground, as on a line image; shape (LINE_HEIGHT, w), uint8.
        digits: What is written.
    """

    image: NDArray[np.uint8]
    digits: tuple[int, ...]


class StripDrawer:
    """Draws strips of given digits.

    Args:
        images: Shape (n, 28, 28), uint8, bright ink on dark ground.
        labels: What they show; images that show no digit are left out.
    """

    def __init__(self, images: Images, labels: NDArray[np.integer]) -> None:
        usable = (labels < CLASSES) & (images > _INKED).any(axis=(1, 2))
        self._digits = [_cropped(image) for image in images[usable]]
        self._labels = labels[usable].astype(int).tolist()

    def draw(self, random: np.random.Generator, width: int) -> Strip:
        """Draw a strip that is at most so wide, in pixels; it has at least one digit."""
        most = max(2, width // 22)
        count = int(random.integers(2, most + 1)) if random.random() < 0.9 else 1
        while True:
            strip = self._draw(random, count)
            if strip.image.shape[1] <= width:
                return strip
            count -= count > 1

    def _draw(self, random: np.random.Generator, count: int) -> Strip:
        height = DIGIT_HEIGHT * random.uniform(0.85, 1.1)
        slant = random.uniform(-0.45, 0.45) if random.random() < 0.5 else 0.0
        pen = random.choice(("usual", "thick", "thin"), p=(0.7, 0.15, 0.15))
        chosen = random.integers(len(self._digits), size=count)
        pieces = [
            _written(self._digits[index], height, slant, str(pen), random) for index in chosen
        ]
        ink = _side_by_side(pieces, str(random.choice(SPACINGS, p=(0.2, 0.25, 0.35, 0.2))), random)
        if random.random() < 0.3:
            _add_remains(ink, random)
        return Strip(_scanned(ink, random), tuple(self._labels[index] for index in chosen))


def _cropped(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect((image > _INKED).astype(np.uint8))
    return image[top : top + height, left : left + width]


def _written(
    digit: NDArray[np.uint8], height: float, slant: float, pen: str, random: np.random.Generator
) -> Ink:
    """Draw one digit in the size, slant and pen of its line."""
    scale = height * random.uniform(0.85, 1.15, size=2) / _DIGIT_SIDE
    tall, wide = (max(2, round(side)) for side in np.multiply(digit.shape, scale).tolist())
    tall = min(tall, LINE_HEIGHT)
    ink = digit / np.float32(255)
    drawn = cv2.resize(ink, (wide, tall), interpolation=cv2.INTER_LINEAR)
    if slant:
        shift = np.array([[1, -slant, max(0.0, slant) * tall], [0, 1, 0]], np.float32)
        drawn = cv2.warpAffine(drawn, shift, (round(wide + abs(slant) * tall), tall))
    square = np.ones((2, 2), np.uint8)
    if pen == "thick":
        drawn = cv2.dilate(drawn, square)
    elif pen == "thin":
        drawn = (drawn + cv2.erode(drawn, square)) / 2
    inked = np.flatnonzero(drawn.max(axis=0) > _INKED / 255)
    return np.asarray(drawn[:, inked[0] : inked[-1] + 1] if len(inked) else drawn, np.float32)


def _side_by_side(pieces: list[Ink], spacing: str, random: np.random.Generator) -> Ink:
    """Lay digits side by side, shape (LINE_HEIGHT, w), without margins."""
    room = sum(piece.shape[1] + DIGIT_HEIGHT for piece in pieces) + 4
    ink = np.zeros((LINE_HEIGHT, room), np.float32)
    right = 0
    for number, piece in enumerate(pieces):
        spare = LINE_HEIGHT - len(piece)
        top = int(np.clip(round(spare / 2 + random.normal() * 2), 0, spare))
        left = 0
        if number:
            own = str(random.choice(SPACINGS[:3])) if spacing == "mixed" else spacing
            left = _place(ink, piece, (top, right), own, random)
        there = ink[top : top + len(piece), left : left + piece.shape[1]]
        np.maximum(there, piece, out=there)
        if number and left > right + 3 and random.random() < 0.15:
            _add_sign(ink, (right, left), random)
        right = max(right, left + piece.shape[1])
    return ink[:, :right]


def _place(
    ink: Ink, piece: Ink, corner: tuple[int, int], spacing: str, random: np.random.Generator
) -> int:
    """Say in which column a digit begins that follows others."""
    top, right = corner
    if spacing in GAPS:
        return max(0, right + round(random.uniform(*GAPS[spacing]) * DIGIT_HEIGHT))
    # Moved to the left until strokes meet, or the boxes overlap by a quarter.
    stroke = piece > _STROKE
    nearest = max(0, right - round(DIGIT_HEIGHT / 4))
    for left in range(right + 1, nearest, -1):
        there = ink[top : top + len(piece), left : left + piece.shape[1]] > _STROKE
        if (there & stroke).any():
            return max(0, left - (random.random() < 0.3))
    return nearest


def _add_sign(ink: Ink, between: tuple[int, int], random: np.random.Generator) -> None:
    """Write a point, a comma or a minus into a gap: none of them is a digit."""
    left = int(random.integers(between[0] + 1, max(between[0] + 2, between[1] - 2)))
    middle = LINE_HEIGHT // 2
    if random.random() < 0.3:
        ink[middle : middle + 2, left : min(left + 8, between[1] - 1)] = 1
    else:
        low = middle + DIGIT_HEIGHT // 2 - 2
        ink[low : low + int(random.integers(2, 7)), left : left + 2] = 1


def _add_remains(ink: Ink, random: np.random.Generator) -> None:
    """Leave specks, and pieces of the line under the writing."""
    for _ in range(int(random.integers(1, 4))):
        y, x = int(random.integers(LINE_HEIGHT)), int(random.integers(ink.shape[1]))
        side = int(random.integers(1, 3))
        ink[y : y + side, x : x + side] = random.uniform(0.3, 1)
    if random.random() < 0.3:
        y = LINE_HEIGHT // 2 + round(DIGIT_HEIGHT * random.uniform(0.35, 0.6))
        x = int(random.integers(ink.shape[1]))
        there = ink[y : y + 1, x : x + int(random.integers(4, 40))]
        np.maximum(there, random.uniform(0.3, 0.9), out=there)


def _scanned(ink: Ink, random: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, fade and roughen a line, and put margins around it."""
    margins = random.integers(MARGIN - 2, MARGIN + 6, size=2).tolist()
    ink = np.pad(ink, ((0, 0), tuple(margins)))
    blur = random.uniform(0, 0.8)
    if blur > 0.25:  # less changes nothing
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), blur), np.float32)
    near = cv2.dilate((ink > 0.2).astype(np.uint8), np.ones((3, 3), np.uint8))
    rough = random.normal(0, random.uniform(0, 0.08), ink.shape) * near
    return np.rint(np.clip(ink * random.uniform(0.9, 1.25) + rough, 0, 1) * 255).astype(np.uint8)
