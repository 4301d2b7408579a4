"""Strips drawn from single digits: apart, close, touching, slanted, noisy, ruled, in boxes."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.drawn_pages import Plane, paste
from mnist.data.labelled import LabelledImages

Ink = NDArray[np.float32]

KINDS = ("spaced", "close", "touching", "slanted", "noise", "ruling", "boxes")


class Strip(NamedTuple):
    """One value in a picture.

    Attributes:
        plane: Shape (h, w), uint8.
        value: Its digits.
        kind: One of `KINDS`.
    """

    plane: Plane
    value: str
    kind: str


def draw_strip(hand: LabelledImages, kind: str, digits: int, seed: int) -> Strip:
    """Draw a value of so many digits.

    Args:
        hand: Where its digits come from.
        kind: One of `KINDS`.
        digits: How many.
        seed: Decides everything that is random.
    """
    random = np.random.default_rng(seed)
    chosen = random.integers(len(hand.images), size=digits)
    height = int(random.integers(24, 64))
    shear = random.uniform(0.1, 0.45) * random.choice([-1, 1]) if kind == "slanted" else 0.0
    pieces = [_digit(hand.images[index], height, shear, random) for index in chosen]
    if kind == "boxes":
        ink = _boxed(pieces, height, random)
    else:
        ink = _joined(pieces, kind, height, random)
    if kind == "ruling":
        ink = _ruled(ink, height, random)
    plane = _scanned(ink, kind, random)
    return Strip(plane, "".join(str(hand.labels[index]) for index in chosen), kind)


def _digit(image: Plane, height: int, shear: float, random: np.random.Generator) -> Ink:
    left, top, width, tall = cv2.boundingRect((image > 30).astype(np.uint8))
    crop = image[top : top + tall, left : left + width].astype(np.float32) / 255
    scale = height * random.uniform(0.9, 1.1) / 20
    size = max(2, round(width * scale)), max(2, round(tall * scale))
    drawn = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)
    if shear:
        extra = abs(shear) * size[1]
        matrix = np.array([[1, -shear, max(0.0, shear) * size[1]], [0, 1, 0]], np.float32)
        drawn = cv2.warpAffine(drawn, matrix, (round(size[0] + extra), size[1]))
    return np.asarray(np.clip(drawn, 0, 1), np.float32)


def _joined(pieces: list[Ink], kind: str, height: int, random: np.random.Generator) -> Ink:
    """Lay digits side by side."""
    margin = round(height * random.uniform(0.25, 0.8))
    tall = max(len(piece) for piece in pieces)
    jitter = 0.06 if kind == "touching" else 0.12
    width = sum(piece.shape[1] + height for piece in pieces)
    canvas = np.zeros((tall + 2 * margin, width + 2 * margin), np.float32)
    at = right = margin
    for number, piece in enumerate(pieces):
        top = margin + (tall - len(piece)) // 2 + round(random.normal() * jitter * height / 2)
        if number:
            at = _place(canvas, piece, (top, at), kind, height, random)
        paste(canvas, piece, top, at)
        right = max(right, at + piece.shape[1])
        at = right if kind != "touching" else at + piece.shape[1]
    return canvas[:, : right + margin]


def _place(
    canvas: Ink,
    piece: Ink,
    corner: tuple[int, int],
    kind: str,
    height: int,
    random: np.random.Generator,
) -> int:
    top, right = corner
    gap = {"close": (0.02, 0.15), "slanted": (0.02, 0.2)}.get(kind, (0.15, 0.6))
    if kind != "touching":
        return right + max(1, round(random.uniform(*gap) * height))
    # Moved to the left until the strokes meet; boxes of neighbours overlap by a seventh at most.
    mask = piece > 0.4
    nearest = max(0, right - round(0.15 * height))
    for left in range(right + 1, nearest, -1):
        there = canvas[max(top, 0) : top + len(piece), left : left + piece.shape[1]] > 0.4
        if (there & mask[: there.shape[0], : there.shape[1]]).any():
            return left
    return nearest


def _ruled(ink: Ink, height: int, random: np.random.Generator) -> Ink:
    """Rule a line under the digits, which may touch it, and perhaps one above."""
    lines = np.zeros_like(ink)
    rows = np.flatnonzero(ink.max(axis=1) > 0.4)
    thick = max(1, round(height * random.uniform(0.02, 0.06)))
    strength = random.uniform(0.3, 0.9)
    below = min(len(ink) - thick, int(rows[-1] + random.uniform(-0.06, 0.2) * height))
    lines[below : below + thick] = strength
    if random.random() < 0.5:
        above = max(0, int(rows[0] - random.uniform(0.05, 0.25) * height))
        lines[above : above + thick] = strength
    return np.maximum(ink, lines)


def _boxed(pieces: list[Ink], height: int, random: np.random.Generator) -> Ink:
    """Put each digit into a printed box of its own; some touch it."""
    cell = round(height * random.uniform(1.15, 1.5)), round(height * random.uniform(1.0, 1.4))
    margin = round(0.3 * height)
    thick = max(1, round(height * random.uniform(0.02, 0.06)))
    ink = np.zeros((cell[0] + 2 * margin, len(pieces) * cell[1] + 2 * margin), np.float32)
    strength = random.uniform(0.3, 0.9)
    right = margin + len(pieces) * cell[1]
    for y in (margin, margin + cell[0]):
        ink[y : y + thick, margin : right + thick] = strength
    for x in range(margin, right + 1, cell[1]):
        ink[margin : margin + cell[0] + thick, x : x + thick] = strength
    for number, piece in enumerate(pieces):
        spare = cell[0] - len(piece), cell[1] - piece.shape[1]
        top = margin + round(spare[0] * random.uniform(0.15, 0.85))
        left = margin + number * cell[1] + round(spare[1] * random.uniform(0.15, 0.85))
        paste(ink, piece, top, left)
    return ink


def _scanned(ink: Ink, kind: str, random: np.random.Generator) -> Plane:
    strength = random.uniform(0.5, 1.0)
    noise = random.uniform(8, 25) if kind == "noise" else random.uniform(0, 4)
    if kind == "noise":
        for _ in range(int(random.integers(2, 12))):
            size = int(random.integers(1, 3))
            y, x = (int(random.integers(0, side - size)) for side in ink.shape)
            ink[y : y + size, x : x + size] = random.uniform(0.4, 1)
    level = 240 * (1 - strength * ink)
    blurred = cv2.GaussianBlur(level, (0, 0), random.uniform(0.3, 0.8))
    level = np.asarray(blurred, np.float32)
    level += random.normal(0, noise, level.shape)
    plane = np.clip(level, 0, 255).astype(np.uint8)
    return plane if random.random() < 0.8 else np.asarray(255 - plane, np.uint8)
