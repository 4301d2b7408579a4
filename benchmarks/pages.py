"""Pages as people photograph and draw them, made from test digits and a seed."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from mnist.digits import Image

Page = NDArray[np.float64]


class Drawing:
    """One digit to be put on a page: its ink, 0-1, and the dice of this picture."""

    def __init__(self, image: Image, dice: np.random.Generator) -> None:
        self.dice = dice
        self.side = int(dice.integers(70, 180))
        smooth = cv2.resize(image / 255, (self.side, self.side), interpolation=cv2.INTER_CUBIC)
        smooth = cv2.GaussianBlur(smooth, (0, 0), self.side / 90)
        self.ink: Page = np.clip((smooth - 0.35) / 0.25, 0, 1)
        self.shape = tuple(int(self.side * share) for share in dice.uniform(1.2, 1.9, 2))

    def thinned(self, pen: int) -> Page:
        """Return the ink as a pen of so many pixels would have left it."""
        left: MatLike = (self.ink > 0.5).astype(np.uint8)
        line: MatLike = np.zeros_like(left)
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        while left.any():
            opened = cv2.morphologyEx(left, cv2.MORPH_OPEN, cross)
            line = cv2.bitwise_or(line, cv2.subtract(left, opened))
            left = cv2.erode(left, cross)
        line = cv2.morphologyEx(line, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        tip = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen))
        return _soft(cv2.dilate(line, tip).astype(np.float64), 0.8)

    def page(self) -> Page:
        """Return an empty sheet of one grey."""
        return np.full(self.shape, self.dice.uniform(200, 245))

    def on(self, page: Page, ink: Page | None = None, dark: float | None = None) -> Page:
        """Put the ink somewhere on a page; it takes that share of the light."""
        top, left = (self.dice.integers(0, room - self.side + 1) for room in page.shape)
        share = self.dice.uniform(0.55, 0.9) if dark is None else dark
        place = np.s_[top : top + self.side, left : left + self.side]
        page = page.copy()
        page[place] *= 1 - share * (self.ink if ink is None else ink)
        return page

    def lined(self, page: Page, gap: int, strength: float, thick: int, *, squared: bool) -> Page:
        """Print lines on a page."""
        page = page.copy()
        grey, first = float(page.mean() * (1 - strength)), int(self.dice.integers(0, gap))
        height, width = page.shape
        slope = float(np.tan(np.deg2rad(self.dice.uniform(-2, 2))))
        for at in range(first - gap, max(page.shape) + gap, gap):
            cv2.line(page, (0, at), (width, int(at + slope * width)), grey, thick, cv2.LINE_AA)
            if squared:
                end = (int(at - slope * height), height)
                cv2.line(page, (at, 0), end, grey, thick, cv2.LINE_AA)
        return page

    def places(self) -> tuple[Page, Page]:
        """Return how far down and how far right each pixel is, 0-1."""
        height, width = self.shape
        y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        return y, x

    def shaded(self, depth_inside: Page, softness: float) -> Page:
        """Put the digit on a page of which a shadow lies where a depth is positive."""
        shade = self.dice.uniform(0.4, 0.75) / (1 + np.exp(-depth_inside / softness))
        return self.on(self.page()) * (1 - shade)


def _soft(page: Page, radius: float) -> Page:
    return np.asarray(cv2.GaussianBlur(page, (0, 0), radius), np.float64)


def _ruled(d: Drawing) -> Page:
    gap, strength = int(d.dice.integers(20, 45)), d.dice.uniform(0.15, 0.5)
    return d.on(d.lined(d.page(), gap, strength, int(d.dice.integers(1, 4)), squared=False))


def _squared(d: Drawing) -> Page:
    gap, strength = int(d.dice.integers(20, 45)), d.dice.uniform(0.15, 0.45)
    return d.on(d.lined(d.page(), gap, strength, int(d.dice.integers(1, 4)), squared=True))


def _finely_squared(d: Drawing) -> Page:
    return d.on(d.lined(d.page(), int(d.dice.integers(9, 16)), 0.25, 1, squared=True))


def _sloping_light(d: Drawing) -> Page:
    y, x = d.places()
    angle = d.dice.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * x + np.sin(angle) * y
    slope = np.asarray((slope - slope.min()) / np.ptp(slope), np.float64)
    return d.on(d.page()) * (1 - d.dice.uniform(0.3, 0.7) * slope)


def _shadow_at_border(d: Drawing) -> Page:
    y, x = d.places()
    depth = [x, 1 - x, y, 1 - y][d.dice.integers(4)]
    edge = d.dice.uniform(0.08, 0.25) + 0.05 * np.sin(6 * (x + y))
    return d.shaded(edge - depth, d.dice.uniform(0.012, 0.04))


def _shadow_in_corner(d: Drawing) -> Page:
    y, x = d.places()
    distance = np.hypot(y - d.dice.integers(2), x - d.dice.integers(2))
    return d.shaded(d.dice.uniform(0.35, 0.6) - distance, 0.04)


def _shadow_across(d: Drawing) -> Page:
    y, x = d.places()
    edge = d.dice.uniform(0.3, 0.7) + d.dice.uniform(-0.5, 0.5) * (y - 0.5)
    return d.shaded(edge - x, 0.01)


def _chalk(d: Drawing) -> Page:
    grain = _soft(d.dice.random((d.side, d.side)), 1)
    chalk = d.thinned(int(d.dice.integers(5, 10))) * np.clip(0.55 + 0.7 * grain, 0, 1)
    board = 255 - d.dice.uniform(25, 70) + np.zeros(d.shape)
    return 255 - d.on(board, chalk, d.dice.uniform(0.55, 0.8))


def _blurred(d: Drawing) -> Page:
    return _soft(d.on(d.page()), d.side / 22)


def _small(d: Drawing) -> Page:
    share = d.dice.uniform(0.12, 0.22)
    small = cv2.resize(d.on(d.page()), None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64)


def _boxed(d: Drawing) -> Page:
    """Print the sides of a form's box, some of them in the picture, up to a twelfth inside."""
    page = d.on(d.page())
    inset = int(d.dice.uniform(0, 0.08) * min(page.shape))
    thick = max(1, int(d.dice.uniform(0.008, 0.03) * min(page.shape)))
    grey = page.max() * (1 - d.dice.uniform(0.3, 0.9))
    for turns in np.flatnonzero(d.dice.random(4) < 0.7):
        side = np.rot90(page, int(turns))[inset : inset + thick]
        side[:] = np.minimum(side, grey)
    return page


def _cropped(d: Drawing) -> Page:
    """Cut the picture at the ink, or up to three pixels beside it."""
    rows, columns = (np.flatnonzero((d.ink > 0.3).any(axis=axis)) for axis in (1, 0))
    rooms = d.dice.integers(0, 4, 4)
    tight = d.ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    page = np.pad(tight, (tuple(rooms[:2]), tuple(rooms[2:])))
    return d.dice.uniform(200, 245) * (1 - d.dice.uniform(0.55, 0.9) * page)


def _at_28(ink: Page, d: Drawing, ground: float = 0) -> Page:
    """Draw at 28x28, light on dark or dark on light."""
    page = ground + ink * (255 - ground)
    return page if d.dice.random() < 0.5 else 255 - page


def _small_at_28(d: Drawing) -> Page:
    """Redraw a digit 9 to 16 pixels high, anywhere."""
    height = int(d.dice.integers(9, 17))
    page = np.zeros((28, 28))
    top, left = d.dice.integers(0, 29 - height, 2)
    small = cv2.resize(d.ink, (height, height), interpolation=cv2.INTER_AREA)
    page[top : top + height, left : left + height] = small
    return _at_28(page, d)


def _grey_at_28(d: Drawing) -> Page:
    ink = cv2.resize(d.ink, (28, 28), interpolation=cv2.INTER_AREA)
    return _at_28(np.asarray(ink, np.float64), d, ground=d.dice.uniform(20, 60))


def _thin_at_28(d: Drawing) -> Page:
    """Draw with a pen of one pixel."""
    line = d.thinned(1)
    places = np.argwhere(line > 0.4) * 28 // d.side
    page = np.zeros((28, 28))
    page[places[:, 0], places[:, 1]] = 1
    return _at_28(page, d)


GROUNDS: dict[str, Callable[[Drawing], Page]] = {
    "plain paper": lambda d: d.on(d.page()),
    "ruled paper": _ruled,
    "squared paper": _squared,
    "finely squared paper": _finely_squared,
    "sloping light": _sloping_light,
    "shadow at the border": _shadow_at_border,
    "shadow in a corner": _shadow_in_corner,
    "shadow across": _shadow_across,
    "thin pen": lambda d: d.on(d.page(), d.thinned(int(d.dice.integers(1, 4)))),
    "faint pencil": lambda d: d.on(d.page(), dark=d.dice.uniform(0.12, 0.25)),
    "chalk on a board": _chalk,
    "out of focus": _blurred,
    "15 to 30 pixels": _small,
    "box lines": _boxed,
    "cropped to its ink": _cropped,
    "28x28, small anywhere": _small_at_28,
    "28x28, grey ground": _grey_at_28,
    "28x28, pen of 1 pixel": _thin_at_28,
}


def photographed(page: Page, dice: np.random.Generator) -> bytes:
    """Add a sensor's noise and a JPEG's artefacts; what was drawn at 28x28 has neither."""
    if page.shape == (28, 28):
        return cv2.imencode(".png", np.clip(page, 0, 255).astype(np.uint8))[1].tobytes()
    noisy = np.clip(page + dice.normal(0, 3, page.shape), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(dice.integers(20, 90))]
    return cv2.imencode(".jpg", noisy, quality)[1].tobytes()
