"""The fifteen corruptions of MNIST-C at its own strengths: people see the digit, a model may not.

After Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision" (arXiv 1906.02337),
written from its formulas and published parameters, so accuracies compare with published ones.
Image i depends on seed, kind and i alone: corrupting the first thousand images gives the first
thousand of the whole set.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from mnist.digits import SIDE, Images
from mnist.evaluation.corruption_shapes import line, plasma

_CENTRE = (SIDE - 1) / 2

_Ink = NDArray[np.float32]
"""One image as ink, shape (28, 28), 0-1."""


def _shot_noise(ink: _Ink, generator: Generator) -> _Ink:
    photons = 3  # at full ink
    return _ink(generator.poisson(ink * photons) / photons)


def _impulse_noise(ink: _Ink, generator: Generator) -> _Ink:
    hit, salt = generator.random((2, SIDE, SIDE))
    return _ink(np.where(hit < 0.17, salt < 0.5, ink))


def _glass_blur(ink: _Ink, generator: Generator) -> _Ink:
    # The published images are blurred down the columns alone.
    soft = gaussian_filter1d(ink, 0.7, axis=0, mode="nearest")
    pixels = soft.ravel().tolist()
    order = [row * SIDE + column for row in range(27, 1, -1) for column in range(27, 1, -1)]
    for _ in range(2):
        swapped = generator.random(len(order)) < 0.5
        # Up, left or both by one pixel, or not at all.
        steps = generator.integers(0, 2, (2, len(order))).T @ [SIDE, 1]
        for at, step in zip(
            np.array(order)[swapped].tolist(), steps[swapped].tolist(), strict=True
        ):
            pixels[at], pixels[at - step] = pixels[at - step], pixels[at]
    shuffled = np.array(pixels, np.float32).reshape(SIDE, SIDE)
    return _ink(gaussian_filter1d(shuffled, 0.7, axis=0, mode="nearest"))


def _motion_blur(ink: _Ink, generator: Generator) -> _Ink:
    """Smear one way, as ImageMagick does: half a normal distribution of 3 pixels, cut at 20."""
    angle = math.radians(generator.uniform(-45, 45))
    along = np.arange(21)
    weights = np.exp(-(along**2) / (2 * 3.0**2))
    columns = np.ceil(along * math.cos(angle) - 0.5).astype(int)
    rows = np.ceil(along * math.sin(angle) - 0.5).astype(int)
    kernel = np.zeros((41, 41), np.float32)
    np.add.at(kernel, (20 + rows, 20 + columns), weights / weights.sum())
    return _ink(cv2.filter2D(ink, -1, kernel, borderType=cv2.BORDER_REPLICATE))


def _shear(ink: _Ink, generator: Generator) -> _Ink:
    angle = _either_sign(0.4, generator)  # radians
    return _affine(ink, [[1, -math.sin(angle)], [0, math.cos(angle)]])


def _scale(ink: _Ink, _: Generator) -> _Ink:
    return _affine(ink, [[1 / 0.7, 0], [0, 1 / 0.7]])


def _rotate(ink: _Ink, generator: Generator) -> _Ink:
    angle = _either_sign(0.4, generator)  # radians
    cosine, sine = math.cos(angle), math.sin(angle)
    return _affine(ink, [[cosine, -sine], [sine, cosine]])


def _translate(ink: _Ink, generator: Generator) -> _Ink:
    shift = [_either_sign(3, generator), _either_sign(3, generator)]
    return _affine(ink, [[1, 0], [0, 1]], shift)


def _brightness(ink: _Ink, _: Generator) -> _Ink:
    return ink + np.float32(0.5)


def _stripe(ink: _Ink, _: Generator) -> _Ink:
    """Invert the left and the right quarter."""
    striped = ink.copy()
    for quarter in (np.s_[:, : SIDE // 4], np.s_[:, -SIDE // 4 :]):
        striped[quarter] = 1 - striped[quarter]
    return striped


def _fog(ink: _Ink, generator: Generator) -> _Ink:
    density, brightest = 3, float(ink.max())
    fog = plasma(generator)[:SIDE, :SIDE]
    return _ink((ink + density * fog) * brightest / (brightest + density))


def _spatter(ink: _Ink, generator: Generator) -> _Ink:
    liquid = gaussian_filter(generator.normal(0.65, 0.3, ink.shape), 1, mode="nearest")
    mud = gaussian_filter((liquid > 0.65).astype(np.float32), 1.5, mode="nearest")
    mud[mud < 0.8] = 0
    return _ink(ink * (1 - mud) + mud * 63 / 255)


def _dotted_line(ink: _Ink, generator: Generator) -> _Ink:
    first, last = generator.integers(0, 27, 2).tolist()
    drawn = line((0, first), (27, last))
    dashes = np.arange(SIDE) // 2 % 2  # two pixels off, two on
    return _ink(ink + drawn * dashes)


def _zigzag(ink: _Ink, generator: Generator) -> _Ink:
    """Draw teeth of 2 pixels, 4 apart, from column 2 to 25 at a slight slope."""
    size, start = 2, np.array([2, generator.integers(0, 27)])
    across = np.array([23, generator.integers(-5, 5)])
    length = float(np.hypot(*across))
    teeth = np.arange(int((length - size) // (2 * size)) + 1)
    tips = np.stack([(2 * teeth + 1) * size, size * (-1.0) ** teeth], axis=1)
    ending = [length, tips[-1, 1] / (2 * (length % (2 * size)))]
    cosine, sine = across / length
    points = np.vstack([[0, 0], tips, ending]) @ [[cosine, sine], [-sine, cosine]] + start
    drawn = ink
    for one, other in pairwise(points):
        drawn = np.minimum(drawn + line(tuple(one), tuple(other)), 1)
    return _ink(drawn)


def _canny_edges(ink: _Ink, _: Generator) -> _Ink:
    smooth = gaussian_filter(ink, 1, mode="constant")
    # OpenCV takes the slopes as whole numbers.
    unit = 4_000
    across, down = (
        np.rint(cv2.Sobel(smooth, cv2.CV_32F, *axis) * unit).astype(np.int16)
        for axis in ((1, 0), (0, 1))
    )
    edges = cv2.Canny(across, down, 0.1 * unit, 0.2 * unit, L2gradient=True)
    return _ink(edges) / np.float32(255)


def _affine(ink: _Ink, matrix: list[list[float]], shift: list[float] | None = None) -> _Ink:
    """Transform about the centre; `matrix` takes (column, row) in the result to the image."""
    linear = np.asarray(matrix, np.float64)
    offset = _CENTRE - linear @ [_CENTRE, _CENTRE] + (shift or [0.0, 0.0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return _ink(cv2.warpAffine(ink, np.column_stack([linear, offset]), (SIDE, SIDE), flags=flags))


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
