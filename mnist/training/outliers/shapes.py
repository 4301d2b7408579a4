"""Shapes, plots and noise, each a little different every time."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import SIDE
from mnist.training.outliers.drawing import CANVAS, Picture, around, line, page, smoothed

Draw = Callable[[np.random.Generator], Picture]

_MIDDLE = CANVAS / 2
_RADIUS = 0.38 * CANVAS


def shape(random: np.random.Generator) -> Picture:
    """Draw one of the shapes below."""
    return _SHAPES[random.integers(len(_SHAPES))](random)


def scribble(random: np.random.Generator) -> Picture:
    """Draw one or two smooth lines through random points."""
    picture = page()
    for _ in range(random.integers(1, 3)):
        points = random.uniform(8, CANVAS - 8, (random.integers(6, 14), 2))
        line(picture, smoothed(points), _pen(random))
    return picture


def strike(picture: Picture, random: np.random.Generator) -> None:
    """Cross out what a page holds by a zigzag."""
    turns = int(random.integers(4, 12))
    x = np.linspace(random.integers(6, 20), random.integers(50, 66), turns)
    y = np.where(np.arange(turns) % 2, random.integers(8, 28), random.integers(44, 64))
    points = np.stack((x, y + random.normal(0, 3, turns)), 1)
    line(picture, points if random.random() < 0.5 else points[:, ::-1], _pen(random))


def plot(random: np.random.Generator) -> Picture:
    """Draw one or two panels with axes and a curve, bars or points."""
    return np.hstack([_panel(random) for _ in range(random.integers(1, 3))])


def noise(random: np.random.Generator) -> Picture:
    """Fill 28x28 pixels with white noise, dots, clouds or stripes."""
    return (_white, _dots, _clouds, _stripes)[random.integers(4)](random)


def _polygon(random: np.random.Generator) -> Picture:
    corners = int(random.integers(3, 9))
    turns = 2 * math.pi * np.arange(corners + 1) / corners
    return _drawn(around(_MIDDLE, _RADIUS, turns), random)


def _star(random: np.random.Generator) -> Picture:
    turns = 4 * math.pi * np.arange(6) / 5 - math.pi / 2
    return _drawn(around(_MIDDLE, _RADIUS, turns), random)


def _grid(random: np.random.Generator) -> Picture:
    picture, pen = page(), _pen(random)
    for at in np.linspace(16, CANVAS - 16, random.integers(2, 5)):
        line(picture, [[at, 8], [at, CANVAS - 8]], pen)
        line(picture, [[8, at], [CANVAS - 8, at]], pen)
    return picture


def _bars(random: np.random.Generator) -> Picture:
    """A cross, or a star of bars through one point."""
    picture, pen = page(), _pen(random)
    for turn in np.arange(0, math.pi, math.pi / random.integers(2, 5)) + 0.4:
        line(picture, around(_MIDDLE, _RADIUS, np.array([turn, turn + math.pi])), pen)
    return picture


def _box(random: np.random.Generator) -> Picture:
    """A box with something in it."""
    picture = _drawn([[10, 10], [62, 10], [62, 62], [10, 62], [10, 10]], random)
    line(picture, random.uniform(18, 54, (random.integers(2, 5), 2)), _pen(random))
    return picture


def _spiral(random: np.random.Generator) -> Picture:
    turns = np.linspace(0, 2 * math.pi * random.integers(2, 5), 90)
    return _drawn(around(_MIDDLE, _RADIUS * turns / turns[-1], turns), random)


def _face(random: np.random.Generator) -> Picture:
    picture = _drawn(around(_MIDDLE, _RADIUS, np.linspace(0, 2 * math.pi, 40)), random)
    line(picture, around(_MIDDLE, _RADIUS / 2, np.linspace(0.5, 2.6, 12)), _pen(random))
    for x in (26, 46):
        cv2.circle(picture, (x, 28), 3, 255, -1)
    return picture


def _arrow(random: np.random.Generator) -> Picture:
    picture = _drawn([[10, 36], [62, 36]], random)
    line(picture, [[44, 18], [62, 36], [44, 54]], _pen(random))
    return picture


def _blobs(random: np.random.Generator) -> Picture:
    picture = page()
    for _ in range(random.integers(1, 4)):
        at, axes = random.integers(20, 52, 2).tolist(), random.integers(6, 24, 2).tolist()
        cv2.ellipse(picture, at, axes, float(random.uniform(0, 180)), 0, 360, 255, -1)
    return picture


def _rings(random: np.random.Generator) -> Picture:
    picture, turns = page(), np.linspace(0, 2 * math.pi, 24)
    for _ in range(random.integers(2, 6)):
        centre = random.uniform(20, 52, 2)
        line(picture, around(centre, float(random.uniform(6, 16)), turns), _pen(random))
    return picture


_SHAPES: tuple[Draw, ...] = (
    _polygon, _star, _grid, _bars, _box, _spiral, _face, _arrow, _blobs, _rings,
)  # fmt: skip


def _panel(random: np.random.Generator) -> Picture:
    picture, kind, pen = page(), random.integers(3), int(random.integers(1, 3))
    frame = [[10, 8], [10, 62], [64, 62]]
    line(picture, frame + [[64, 8], [10, 8]] * int(random.integers(2)), pen)
    x = np.linspace(16, 58, random.integers(4, 9))
    points = np.stack((x, random.uniform(16, 58, len(x))), 1)
    if kind == 0:
        line(picture, points, pen)
    for left, top in points.astype(int).tolist() if kind else []:
        if kind == 1:
            cv2.rectangle(picture, (left - 2, top), (left + 2, 62), 255, -1)
        else:
            cv2.circle(picture, (left, top), 3, 255, -1)
    return picture


def _white(random: np.random.Generator) -> Picture:
    return random.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)


def _dots(random: np.random.Generator) -> Picture:
    dots = random.random((SIDE, SIDE)) < random.uniform(0.03, 0.4)
    return (dots * random.integers(100, 256)).astype(np.uint8)


def _clouds(random: np.random.Generator) -> Picture:
    grain = random.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    clouds = np.asarray(cv2.GaussianBlur(grain, (0, 0), float(random.uniform(0.8, 3))))
    level = (clouds - clouds.min()) / np.ptp(clouds)
    return _as_picture((level - random.uniform(0.4, 0.7)) * 600)


def _stripes(random: np.random.Generator) -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE]
    turn, period = random.uniform(0, math.pi), random.uniform(3, 10)
    wave = np.sin((x * math.cos(turn) + y * math.sin(turn)) * 2 * math.pi / period)
    return _as_picture((wave + 0.5) * 255)


def _as_picture(strength: NDArray[np.floating]) -> Picture:
    picture: Picture = np.clip(strength, 0, 255).astype(np.uint8)
    return picture


def _drawn(points: object, random: np.random.Generator) -> Picture:
    picture = page()
    line(picture, np.asarray(points, np.float64), _pen(random))
    return picture


def _pen(random: np.random.Generator) -> int:
    return int(random.integers(2, 8))
