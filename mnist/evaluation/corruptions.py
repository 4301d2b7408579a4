"""The fifteen corruptions of MNIST-C, implemented anew: people see the digit, a model may not.

After Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision" (arXiv 1906.02337).
The kinds are theirs; the strengths are ours, so accuracies compare between our models, not with
published MNIST-C tables. Image i depends on seed, kind and i alone: corrupting the first thousand
images gives the first thousand of the whole set.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mnist.digits import SIDE, Images, Labels, PredictProbabilities

_CENTRE = (SIDE - 1) / 2

_Ink = NDArray[np.float32]
"""One image as ink, shape (28, 28), 0-1."""


def _shot_noise(ink: _Ink, generator: Generator) -> _Ink:
    photons = 5  # at full ink; fewer is noisier
    return _ink(generator.poisson(ink * photons) / photons)


def _impulse_noise(ink: _Ink, generator: Generator) -> _Ink:
    hit, salt = generator.random((2, SIDE, SIDE))
    return _ink(np.where(hit < 0.25, salt < 0.5, ink))


def _glass_blur(ink: _Ink, generator: Generator) -> _Ink:
    rows, columns = np.indices((SIDE, SIDE), dtype=np.float32)
    shift_rows, shift_columns = generator.integers(-1, 2, (2, SIDE, SIDE)).astype(np.float32)
    soft = cv2.GaussianBlur(ink, (3, 3), 0.7)
    seen = cv2.remap(soft, columns + shift_columns, rows + shift_rows, cv2.INTER_NEAREST)
    return _ink(cv2.GaussianBlur(seen, (3, 3), 0.7))


def _motion_blur(ink: _Ink, generator: Generator) -> _Ink:
    length, angle = 7, generator.uniform(0, math.pi)
    reach = (length - 1) / 2
    # Sixteenths of a pixel, as OpenCV takes them, so that the line is drawn anti-aliased.
    step = np.array([math.cos(angle), math.sin(angle)]) * reach
    start, end = (np.rint((reach + sign * step) * 16).astype(int).tolist() for sign in (-1, 1))
    kernel = np.zeros((length, length), np.uint8)
    cv2.line(kernel, start, end, 255, 1, cv2.LINE_AA, shift=4)
    weights = kernel.astype(np.float32)
    return _ink(cv2.filter2D(ink, -1, weights / weights.sum()))


def _shear(ink: _Ink, generator: Generator) -> _Ink:
    slant = _either_sign(generator.uniform(0.4, 0.6), generator)
    return _affine(ink, [[1, slant], [0, 1]])


def _scale(ink: _Ink, generator: Generator) -> _Ink:
    factor = generator.uniform(0.5, 0.65)
    return _affine(ink, [[factor, 0], [0, factor]])


def _rotate(ink: _Ink, generator: Generator) -> _Ink:
    angle = math.radians(_either_sign(generator.uniform(20, 35), generator))
    cosine, sine = math.cos(angle), math.sin(angle)
    return _affine(ink, [[cosine, -sine], [sine, cosine]])


def _translate(ink: _Ink, generator: Generator) -> _Ink:
    right, down = generator.uniform(3, 5, 2)
    shift = [_either_sign(right, generator), _either_sign(down, generator)]
    return _affine(ink, [[1, 0], [0, 1]], shift)


def _brightness(ink: _Ink, generator: Generator) -> _Ink:
    return ink + np.float32(generator.uniform(0.4, 0.6))


def _stripe(ink: _Ink, generator: Generator) -> _Ink:
    left = int(generator.integers(9, 13))
    striped = ink.copy()
    striped[:, left : left + 7] = 1 - striped[:, left : left + 7]
    return striped


def _fog(ink: _Ink, generator: Generator) -> _Ink:
    fog = _clouds(generator, (2, 4, 8, 16))
    return _ink((1 - 0.4 * fog) * ink + 0.6 * fog)


def _spatter(ink: _Ink, generator: Generator) -> _Ink:
    wet = _clouds(generator, (9,)) > 0.74
    return _ink(np.where(wet, 0.75, ink))


def _dotted_line(ink: _Ink, generator: Generator) -> _Ink:
    drawn = ink.copy()
    start, end = _across(generator)
    for share in np.linspace(0, 1, 10):
        column, row = np.rint(start + share * (end - start)).astype(int).clip(0, SIDE - 1)
        drawn[row, column] = 1
    return drawn


def _zigzag(ink: _Ink, generator: Generator) -> _Ink:
    start, end = _across(generator)
    path = start + np.linspace(0, 1, 9)[:, None] * (end - start)
    along = (end - start) / np.linalg.norm(end - start)
    sideways = np.array([-along[1], along[0]]) * 2.5
    path += np.where(np.arange(9) % 2, 1, -1)[:, None] * sideways
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    points = np.rint(path * 16).astype(np.int32)
    cv2.polylines(drawn, [points], isClosed=False, color=255, lineType=cv2.LINE_AA, shift=4)
    return np.maximum(ink, drawn.astype(np.float32) / 255)


def _canny_edges(ink: _Ink, _: Generator) -> _Ink:
    return _ink(cv2.Canny((ink * 255).astype(np.uint8), 100, 200) / 255)


def _affine(ink: _Ink, matrix: list[list[float]], shift: list[float] | None = None) -> _Ink:
    """Transform about the centre; `matrix` maps (column, row) offsets from it."""
    linear = np.asarray(matrix, np.float64)
    offset = _CENTRE - linear @ [_CENTRE, _CENTRE] + (shift or [0.0, 0.0])
    return _ink(cv2.warpAffine(ink, np.column_stack([linear, offset]), (SIDE, SIDE)))


def _clouds(generator: Generator, grids: tuple[int, ...]) -> _Ink:
    """Return smooth noise of the given grid sizes, coarser ones stronger, stretched to 0-1."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for grid in grids:
        noise = generator.random((grid, grid), dtype=np.float32)
        total += cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) / grid
    return _ink((total - total.min()) / (total.max() - total.min()))


def _across(generator: Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two (column, row) points at opposite sides of the image."""
    first, last = generator.uniform(4, SIDE - 5, 2)
    start, end = np.array([0.0, first]), np.array([SIDE - 1.0, last])
    return (start, end) if generator.random() < 0.5 else (start[::-1], end[::-1])


def _either_sign(size: float, generator: Generator) -> float:
    return float(size if generator.random() < 0.5 else -size)


def _ink(array: object) -> _Ink:
    """Give OpenCV's results, which it types loosely, their type."""
    return np.asarray(array, dtype=np.float32)


class Corruption(StrEnum):
    """What is done to an image: each member is its name and the function that does it."""

    _value_: str
    apply: Callable[[_Ink, Generator], _Ink]

    def __new__(cls, name: str, apply: Callable[[_Ink, Generator], _Ink] = _shot_noise) -> Self:
        """Make a member that equals its name, as that of any `StrEnum` does."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.apply = apply
        return member

    SHOT_NOISE = "shot_noise", _shot_noise
    IMPULSE_NOISE = "impulse_noise", _impulse_noise
    GLASS_BLUR = "glass_blur", _glass_blur
    MOTION_BLUR = "motion_blur", _motion_blur
    SHEAR = "shear", _shear
    SCALE = "scale", _scale
    ROTATE = "rotate", _rotate
    BRIGHTNESS = "brightness", _brightness
    TRANSLATE = "translate", _translate
    STRIPE = "stripe", _stripe
    FOG = "fog", _fog
    SPATTER = "spatter", _spatter
    DOTTED_LINE = "dotted_line", _dotted_line
    ZIGZAG = "zigzag", _zigzag
    CANNY_EDGES = "canny_edges", _canny_edges


def corrupt(images: Images, corruption: Corruption, *, seed: int = 0) -> Images:
    """Return corrupted copies of images.

    Args:
        images: Shape (n, 28, 28), uint8, bright ink on dark ground.
        corruption: What to do.
        seed: The same seed gives the same images.

    Returns:
        Shape (n, 28, 28), uint8.
    """
    kind = list(Corruption).index(corruption)
    corrupted = np.empty_like(images)
    for index, image in enumerate(images):
        generator = np.random.default_rng((seed, kind, index))
        ink = corruption.apply(image.astype(np.float32) / 255, generator)
        corrupted[index] = np.rint(np.clip(ink, 0, 1) * 255)
    return corrupted


def corruption_accuracies(
    predict: PredictProbabilities, images: Images, labels: Labels, *, seed: int = 0
) -> dict[str, float]:
    """Return the accuracy of a model under each corruption, 0-1, by the corruption's name.

    Args:
        predict: The model.
        images: Uncorrupted images, shape (n, 28, 28), n > 0.
        labels: Their digits, shape (n,).
        seed: Use the same for every model that is to be compared.
    """
    return {
        corruption.value: float(
            (predict(corrupt(images, corruption, seed=seed)).argmax(axis=1) == labels).mean()
        )
        for corruption in Corruption
    }
