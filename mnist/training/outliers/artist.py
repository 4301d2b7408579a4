"""The pictures themselves: what there is to draw, drawn as hands, pens and cameras would."""

import itertools
from collections.abc import Callable

import cv2
import numpy as np

from mnist.digits import SIDE, Images
from mnist.images.strokes import place
from mnist.training.outliers.drawing import CANVAS, Picture, trimmed
from mnist.training.outliers.shapes import noise, plot, scribble, shape, strike
from mnist.training.outliers.signs import signs

_MOST_IN_A_ROW = 5
_FAINTEST = 24


def draw_outliers(count: int, digits: Images, *, seed: int) -> Images:
    """Draw pictures that are not one digit, placed as digits are.

    Args:
        count: How many, at least 0; kinds take turns.
        digits: Training digits, shape (n, 28, 28), n > 0, for strips and struck-out ones.
        seed: The same seed and digits give the same pictures.

    Returns:
        Shape (count, 28, 28), uint8, bright ink on dark ground.
    """
    artist = _Artist(digits, np.random.default_rng(seed))
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for image, draw in zip(images, itertools.cycle(artist.kinds), strict=False):
        image[:] = _placed(draw, artist)
    return images


class _Artist:
    def __init__(self, digits: Images, random: np.random.Generator) -> None:
        self._digits = digits
        self._random = random
        self.kinds: tuple[Callable[[], Picture], ...] = (
            *[lambda: self._bent(self._sign())] * 6,
            *[self._strip] * 2,
            lambda: self._bent(self._word()),
            *[lambda: self._bent(scribble(random))] * 2,
            self._struck_out,
            lambda: self._bent(shape(random)),
            lambda: plot(random),
            lambda: noise(random),
        )

    def softened(self, picture: Picture) -> Picture:
        """Blur as cameras do, at full contrast: or sharp edges would give a drawing away."""
        sigma = float(self._random.uniform(0, 0.035)) * max(picture.shape)
        soft = cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.3 else picture
        gain = 255 / max(int(soft.max()), 1) * float(self._random.uniform(1, 1.6))
        lifted = cv2.convertScaleAbs(soft, alpha=gain)
        _, without_haze = cv2.threshold(lifted, _FAINTEST, 255, cv2.THRESH_TOZERO)
        return np.asarray(without_haze, np.uint8)

    def _sign(self) -> Picture:
        drawn = signs()
        return drawn[self._random.integers(len(drawn))]

    def _digit(self) -> Picture:
        digit: Picture = self._digits[self._random.integers(len(self._digits))]
        return digit

    def _word(self) -> Picture:
        count = self._random.integers(2, _MOST_IN_A_ROW)
        return self._joined([trimmed(self._sign()) for _ in range(count)], (2, 10))

    def _strip(self) -> Picture:
        """Set digits beside each other, sometimes two above each other."""
        count = 2 + int(self._random.integers(_MOST_IN_A_ROW - 1) * self._random.random())
        digits = [trimmed(self._digit()) for _ in range(count)]
        if count == 2 and self._random.random() < 0.15:
            turned = [np.ascontiguousarray(digit.T) for digit in digits]
            return np.ascontiguousarray(self._joined(turned, (1, 6)).T)
        return self._joined(digits, (-3, 8))

    def _struck_out(self) -> Picture:
        large = cv2.resize(self._digit(), (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)
        picture = np.asarray(large, np.uint8)
        strike(picture, self._random)
        return picture

    def _bent(self, picture: Picture) -> Picture:
        """Turn, slant, bend and thicken as hands and pens do."""
        height, width = picture.shape
        turn = cv2.getRotationMatrix2D(
            (width / 2, height / 2),
            float(self._random.uniform(-12, 12)),
            float(self._random.uniform(0.8, 1)),
        )
        shear = self._random.uniform(-0.2, 0.2)
        turn[0, 1] += shear
        turn[0, 2] -= shear * height / 2
        turned = cv2.warpAffine(picture, turn, (width, height))
        coarse = self._random.normal(0, 1.6, (4, 4, 2)).astype(np.float32)
        bend = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        bent = cv2.remap(turned, x + bend[..., 0], y + bend[..., 1], cv2.INTER_LINEAR)
        return self._with_another_pen(np.asarray(bent, np.uint8))

    def _with_another_pen(self, picture: Picture) -> Picture:
        change = int(self._random.integers(-1, 4))
        kernel = np.ones((abs(change) + 1, abs(change) + 1), np.uint8)
        if change < 0:
            thinner = np.asarray(cv2.erode(picture, kernel), np.uint8)
            return thinner if thinner.any() else picture
        return np.asarray(cv2.dilate(picture, kernel), np.uint8)

    def _joined(self, parts: list[Picture], gaps: tuple[int, int]) -> Picture:
        """Set pictures beside each other, as far apart as drawn; below 0 they overlap."""
        gap = int(self._random.integers(*gaps))
        width = sum(part.shape[1] + max(gap, 0) for part in parts)
        picture = np.zeros((max(part.shape[0] for part in parts) + 8, width), np.uint8)
        left = 0
        for part in parts:
            top = int(self._random.integers(picture.shape[0] - part.shape[0] + 1))
            under = picture[top : top + part.shape[0], left : left + part.shape[1]]
            np.maximum(under, part, out=under)
            left = max(left + part.shape[1] + gap, 0)
        return picture


def _placed(draw: Callable[[], Picture], artist: _Artist) -> Picture:
    """Draw until there is ink, and place it; what is 28x28 stays."""
    while True:
        picture = draw()
        if picture.shape == (SIDE, SIDE):
            return picture
        picture = artist.softened(picture)
        left, top, width, height = cv2.boundingRect(picture)
        if max(width, height) > 2:
            return place(picture[top : top + height, left : left + width])
