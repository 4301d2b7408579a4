"""Draw the example digits: `python examples/make_examples.py [FOLDER]`.

Each digit is a few control points, joined by a smooth pen stroke with a little tremor. Nothing is
taken from any data set, so the files may be used for anything.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.strokes import place

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
BLACK, WHITE, BLUE, PENCIL, CHALK, GREEN, YELLOW = (
    (30, 30, 30),
    (255, 255, 255),
    (150, 60, 25),
    (105, 100, 100),
    (225, 230, 228),
    (52, 66, 48),
    (130, 235, 245),
)

STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(0.52, 0.0), (0.2, 0.14), (0.08, 0.5), (0.24, 0.92), (0.55, 1.0), (0.84, 0.75),
         (0.88, 0.38), (0.7, 0.06), (0.46, 0.02)]],
    1: [[(0.42, 0.16), (0.56, 0.0), (0.54, 0.35), (0.5, 0.7), (0.48, 1.0)]],
    2: [[(0.14, 0.24), (0.3, 0.03), (0.64, 0.02), (0.8, 0.22), (0.68, 0.5), (0.4, 0.76),
         (0.12, 0.98), (0.5, 0.94), (0.9, 0.97)]],
    3: [[(0.18, 0.1), (0.5, 0.0), (0.78, 0.14), (0.7, 0.38), (0.42, 0.48), (0.76, 0.58),
         (0.82, 0.84), (0.5, 1.0), (0.14, 0.9)]],
    4: [[(0.38, 0.0), (0.26, 0.32), (0.1, 0.62), (0.5, 0.62), (0.94, 0.58)],
        [(0.7, 0.2), (0.67, 0.6), (0.64, 1.0)]],
    5: [[(0.28, 0.04), (0.24, 0.24), (0.22, 0.44), (0.5, 0.38), (0.78, 0.56), (0.74, 0.86),
         (0.46, 1.0), (0.14, 0.9)], [(0.28, 0.04), (0.56, 0.05), (0.84, 0.0)]],
    6: [[(0.68, 0.0), (0.36, 0.26), (0.18, 0.62), (0.26, 0.92), (0.54, 1.0), (0.78, 0.82),
         (0.68, 0.58), (0.4, 0.56), (0.2, 0.76)]],
    7: [[(0.1, 0.06), (0.45, 0.04), (0.84, 0.0), (0.64, 0.4), (0.48, 0.7), (0.4, 1.0)]],
    8: [[(0.72, 0.12), (0.48, 0.0), (0.26, 0.16), (0.4, 0.42), (0.72, 0.66), (0.74, 0.92),
         (0.46, 1.0), (0.22, 0.84), (0.38, 0.58), (0.66, 0.36), (0.72, 0.12)]],
    9: [[(0.76, 0.22), (0.54, 0.02), (0.26, 0.14), (0.26, 0.42), (0.54, 0.5), (0.76, 0.24),
         (0.72, 0.6), (0.6, 1.0)]],
}  # fmt: skip


class Example(NamedTuple):
    """One file to draw."""

    file: str
    label: int
    kind: str
    draw: Callable[[int], Picture]


def pen(
    digit: int,
    size: tuple[int, int],
    height: float,
    width: float,
    slant: float = 0.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Draw one digit in the middle of a picture.

    Args:
        digit: 0-9.
        size: Height and width of the picture, pixels.
        height: Height of the digit, pixels.
        width: Width of the stroke, pixels.
        slant: Shift to the right per pixel upwards.
        seed: Of the tremor.

    Returns:
        Coverage by ink, 0-1.
    """
    generator = np.random.default_rng(seed + digit)
    enlarged = 4
    canvas = np.zeros((size[0] * enlarged, size[1] * enlarged), np.uint8)
    for stroke in STROKES[digit]:
        points = np.array(stroke) + generator.normal(0, 0.012, (len(stroke), 2))
        curve = _smooth(points) - (0.5, 0.5)
        x = (curve[:, 0] * 0.72 - slant * curve[:, 1]) * height + size[1] / 2
        y = curve[:, 1] * height + size[0] / 2
        line = (np.stack([x, y], axis=1) * enlarged).round().astype(np.int32)
        pressure = 1 + 0.18 * np.sin(np.linspace(0, 5 + digit, len(line)))
        for start, end, press in zip(line[:-1], line[1:], pressure, strict=False):
            cv2.line(canvas, start, end, 255, max(1, round(width * enlarged * press)), cv2.LINE_AA)
    small = cv2.resize(canvas, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join control points by a Catmull-Rom spline (Catmull and Rom 1974)."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        cubic = (3 * b - a - 3 * c + d) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2
        pieces.append((cubic + (c - a) * t + 2 * b) / 2)
    return np.vstack([*pieces, points[-1:]])


def on(ground: Colour, ink: Colour, cover: NDArray[np.float32]) -> Picture:
    """Lay ink on ground."""
    share = cover[:, :, None]
    return (np.array(ground) * (1 - share) + np.array(ink) * share).round().astype(np.uint8)


def photo(picture: Picture, seed: int, ruled: int = 0) -> Picture:
    """Light a sheet from one side, print lines on it, and take its picture with a grainy camera."""
    height, width = picture.shape[:2]
    generator = np.random.default_rng(seed)
    lit = picture.astype(np.float32)
    if ruled:
        lines = np.full(lit.shape, 255, np.float32)
        lines[ruled // 2 :: ruled] = lines[ruled // 2 + 1 :: ruled] = (215, 175, 150)
        lit = np.minimum(lit, lines)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 0.78 - 0.22 * x + 0.08 * y - 0.08 * (x**2 + y**2)
    paper = cv2.GaussianBlur(generator.normal(0, 1, (height, width)), (0, 0), 3) * 0.06
    lit = cv2.GaussianBlur(lit * (light + paper)[:, :, None].astype(np.float32), (0, 0), 1.1)
    grain = generator.normal(0, 3, lit.shape)
    return np.asarray(np.clip(lit + grain, 0, 255), np.uint8)


def transparent(ink: Colour, cover: NDArray[np.float32]) -> Picture:
    """Lay ink on nothing."""
    flat = np.broadcast_to(np.array(ink, np.uint8), (*cover.shape, 3))
    return np.dstack([flat, (cover * 255).astype(np.uint8)])


def placed(ink: NDArray[np.float32]) -> Picture:
    """Put a digit where MNIST would: in 20x20 pixels, its centre of mass in the middle."""
    picture = (ink * 255).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(picture)
    return place(picture[top : top + height, left : left + width])


EXAMPLES = [
    Example("zero-28x28.png", 0, "native",
            lambda d: placed(pen(d, (28, 28), 18, 2.3))),
    Example("one-felt-tip.png", 1, "drawn",
            lambda d: on(WHITE, BLACK, pen(d, (240, 200), 170, 18))),
    Example("two-blue-ink.png", 2, "scan", lambda d: on(WHITE, BLUE, pen(d, (160, 140), 110, 7))),
    Example("three-pencil-photo.jpg", 3, "photo",
            lambda d: photo(on((232, 238, 240), PENCIL, pen(d, (420, 360), 230, 7)), 3)),
    Example("four-small-scan.png", 4, "scan",
            lambda d: on((246, 246, 246), BLACK, pen(d, (46, 40), 32, 3))[:, :, 0]),
    Example("five-uneven-light.jpg", 5, "photo",
            lambda d: photo(on((225, 236, 240), BLUE, pen(d, (480, 640), 300, 14, 0.1)), 5)),
    Example("six-white-on-transparent.png", 6, "drawn",
            lambda d: transparent(WHITE, pen(d, (200, 200), 140, 12))),
    Example("seven-blue-ink.png", 7, "scan", lambda d: on(WHITE, BLUE, pen(d, (180, 150), 130, 8))),
    Example("seven-ruled-paper.jpg", 7, "photo",
            lambda d: photo(on((238, 242, 242), BLACK, pen(d, (440, 440), 220, 12)), 7, ruled=62)),
    Example("eight-chalk.jpg", 8, "photo",
            lambda d: photo(on(GREEN, CHALK, pen(d, (360, 360), 220, 13)), 8)),
    Example("nine-thin-canvas.png", 9, "drawn",
            lambda d: (pen(d, (400, 400), 260, 4, 0.12) * 255).astype(np.uint8)),
    Example("three-sticky-note.jpg", 3, "photo",
            lambda d: photo(on(YELLOW, BLACK, pen(d, (300, 300), 190, 16, 0.05)), 9)),
]  # fmt: skip


def main() -> None:
    """Write every example and labels.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", "label", "kind"])
        for example in EXAMPLES:
            picture = example.draw(example.label)
            cv2.imwrite(str(folder / example.file), picture)
            rows.writerow([example.file, example.label, example.kind])


if __name__ == "__main__":
    main()
