"""Images that are not one digit, drawn from a seed: what people also hand in.

Letters in the fonts that come with Matplotlib and in the strokes of OpenCV's handwriting fonts,
scribbles, shapes, noise, two digits, and digits cut by the frame. Those that look like a digit
whatever one does (O, I, l, S, Z, b, q, g …) are left out of the letters.
"""

import string
from collections.abc import Callable
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.interpolate import make_interp_spline

from mnist.digits import Images
from mnist.images import Decoded, Rejection, decode

SIDE = 140
_LETTERS = [letter for letter in string.ascii_letters if letter not in "OoIlSsZzBbqgDQ"]
_FONTS = [
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansMono.ttf",
    "DejaVuSerif.ttf", "DejaVuSerif-Italic.ttf", "STIXGeneral.ttf", "STIXGeneralItalic.ttf",
    "cmr10.ttf", "cmss10.ttf", "cmtt10.ttf",
]  # fmt: skip
_STROKES = [
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
]

Picture = NDArray[np.uint8]


class Artist:
    """Draws dark on light, SIDE x SIDE, a little different each time.

    Args:
        seed: Same seed, same pictures.
        digits: Real ones, shape (n, 28, 28), for pictures made of them.
    """

    def __init__(self, seed: int, digits: Images) -> None:
        self._rng = np.random.default_rng(seed)
        self._digits = digits

    @property
    def kinds(self) -> dict[str, Callable[[], Picture]]:
        """Every kind that is not one digit, by its name."""
        return {
            "letters, printed": self.printed_letter,
            "letters, by hand": lambda: self.bent(self.stroked_letter()),
            "scribbles": self.scribble,
            "shapes": lambda: self.bent(self.shape()),
            "noise": self.noise,
            "two digits": self.two_digits,
            "a fainter neighbour": lambda: self.pair(strength=self._rng.uniform(0.3, 0.65)),
            "a neighbour at the frame": lambda: self.pair(shown=self._rng.uniform(0.5, 0.9)),
            "boxes that overlap": lambda: self.pair(interlocked=True),
            "two panels": self.panels,
            "cut digits": self.cut_digit,
        }

    def bent(self, picture: Picture) -> Picture:
        """Turn, shear and bend a picture as hands do."""
        turn = cv2.getRotationMatrix2D(
            (SIDE / 2, SIDE / 2), self._rng.uniform(-12, 12), self._rng.uniform(0.85, 1.05)
        )
        shear = self._rng.uniform(-0.15, 0.15)
        turn[0, 1] += shear
        turn[0, 2] -= shear * SIDE / 2
        turned = cv2.warpAffine(picture, turn, (SIDE, SIDE), borderValue=255)
        noise = self._rng.uniform(-1, 1, (SIDE, SIDE, 2)).astype(np.float32)
        bend = cv2.GaussianBlur(noise, (0, 0), 10) * 90
        y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
        moved = cv2.remap(
            turned, x + bend[..., 0], y + bend[..., 1], cv2.INTER_LINEAR, borderValue=255
        )
        return moved.astype(np.uint8)

    def digit(self) -> Picture:
        """Enlarge and bend a real digit: this is one."""
        return self.bent(self._large())

    def printed_letter(self) -> Picture:
        """Set a letter in a font."""
        folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
        font = ImageFont.truetype(folder / str(self._rng.choice(_FONTS)), self._between(70, 100))
        page = Image.new("L", (SIDE, SIDE), 255)
        draw = ImageDraw.Draw(page)
        draw.text((SIDE / 2, SIDE / 2), self._letter(), font=font, fill=0, anchor="mm")
        return np.array(page)

    def stroked_letter(self) -> Picture:
        """Draw a letter by its strokes."""
        letter, font, page = self._letter(), _STROKES[self._between(0, 4)], _page()
        (width, height), _ = cv2.getTextSize(letter, font, 3, 6)
        at = ((SIDE - width) // 2, (SIDE + height) // 2)
        cv2.putText(page, letter, at, font, 3, 0, self._between(4, 9), cv2.LINE_AA)
        return page

    def scribble(self) -> Picture:
        """Draw one smooth line through random points."""
        points = self._rng.uniform(20, 120, (self._between(5, 12), 2))
        curve = make_interp_spline(np.linspace(0, 1, len(points)), points, k=3)
        line = curve(np.linspace(0, 1, 80)).astype(np.int32)
        page = _page()
        cv2.polylines(page, [line], isClosed=False, color=0, thickness=self._between(3, 9))
        return page

    def shape(self) -> Picture:
        """Draw a square, triangle, star, plus, tick, arrow or face."""
        page, width, kind = _page(), self._between(4, 9), self._between(0, 7)
        if kind == 6:
            cv2.circle(page, (70, 70), 45, 0, width)
            cv2.circle(page, (55, 60), 4, 0, -1)
            cv2.circle(page, (85, 60), 4, 0, -1)
            cv2.ellipse(page, (70, 75), (22, 18), 0, 20, 160, 0, width)
            return page
        turns = np.pi / 2 + 4 * np.pi * np.arange(6) / 5
        star = np.stack((70 + 50 * np.cos(turns), 70 - 50 * np.sin(turns)), 1).tolist()
        lines = [
            [[(30, 30), (110, 30), (110, 110), (30, 110), (30, 30)]],
            [[(70, 25), (115, 110), (25, 110), (70, 25)]],
            [star],
            [[(70, 25), (70, 115)], [(25, 70), (115, 70)]],
            [[(25, 70), (55, 110), (115, 30)]],
            [[(25, 70), (115, 70)], [(85, 40), (115, 70), (85, 100)]],
        ]
        drawn = [np.array(line, np.int32) for line in lines[kind]]
        cv2.polylines(page, drawn, isClosed=False, color=0, thickness=width)
        return page

    def noise(self) -> Picture:
        """Fill 28x28 with noise: white, of dots, or in clouds."""
        kind = self._between(0, 3)
        if kind == 0:
            return self._rng.integers(0, 256, (28, 28), dtype=np.uint8)
        if kind == 1:
            share = self._rng.uniform(0.05, 0.3)
            return np.where(self._rng.random((28, 28)) < share, 255, 0).astype(np.uint8)
        dots = self._rng.normal(0, 1, (28, 28)).astype(np.float32)
        clouds = cv2.GaussianBlur(dots, (0, 0), self._rng.uniform(1, 3))
        level = (clouds - clouds.min()) / np.ptp(clouds)
        return np.asarray(np.clip((level - 0.5) * 500, 0, 255), np.uint8)

    def two_digits(self) -> Picture:
        """Put two digits side by side."""
        overlap = self._between(0, 9)
        pair = np.zeros((28, 56 - overlap), np.uint8)
        pair[:, :28] = self._any_digit()
        pair[:, 28 - overlap :] = np.maximum(pair[:, 28 - overlap :], self._any_digit())
        large = cv2.resize(255 - pair, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        return large.astype(np.uint8)

    def pair(self, *, strength: float = 1, shown: float = 1, interlocked: bool = False) -> Picture:
        """Write two digits side by side, the second fainter, cut by the frame, or close by."""
        first, second = self._tight(), self._tight()
        high = max(len(first), len(second)) + 60
        pages = [np.zeros((high, first.shape[1] + second.shape[1] + 90)) for _ in "12"]
        left = 30 + first.shape[1] + self._between(5, 25)
        while True:
            for page, ink, at in zip(pages, (first, second), (30, left), strict=True):
                page[:] = 0
                top = (high - len(ink)) // 2
                page[top : top + len(ink), at : at + ink.shape[1]] = ink
            apart = cv2.dilate(pages[0], np.ones((9, 9))) * pages[1]
            if not interlocked or apart.max() > 0.2:
                break
            left -= 1
        both = np.maximum(pages[0], strength * pages[1])
        if shown < 1:
            both = both[:, : left + int(shown * second.shape[1])]
        return (240 * (1 - 0.8 * both)).astype(np.uint8)

    def panels(self) -> Picture:
        """Show two equal panels with a frame around each, as plots do."""
        shown = []
        for _ in range(2):
            panel = cv2.copyMakeBorder(self._large(), 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=255)
            cv2.rectangle(panel, (0, 0), (SIDE + 15, SIDE + 15), 40, 2)
            shown.append(np.pad(panel, 8, constant_values=255))
        return np.hstack(shown)

    def cut_digit(self) -> Picture:
        """Lose about half of a digit over an edge of the picture."""
        large, lost = self._large(), self._between(55, 75)
        return (large[lost:], large[:-lost], large[:, lost:], large[:, :-lost])[self._between(0, 4)]

    def _large(self) -> Picture:
        large = cv2.resize(255 - self._any_digit(), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        return large.astype(np.uint8)

    def _tight(self) -> NDArray[np.float64]:
        """Ink of a digit without margins, 0-1, about 100 pixels high."""
        ink = np.clip(1 - self._large() / 255, 0, 1)
        left, top, width, height = cv2.boundingRect((ink > 0.3).astype(np.uint8))
        return ink[top : top + height, left : left + width]

    def _any_digit(self) -> Picture:
        digit: Picture = self._digits[self._between(0, len(self._digits))]
        return digit

    def _letter(self) -> str:
        return str(self._rng.choice(_LETTERS))

    def _between(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high))


def decoded(draw: Callable[[], Picture], count: int) -> list[Decoded | Rejection]:
    """Draw so many pictures and decode them as batches do."""
    return [decode(cv2.imencode(".png", draw())[1].tobytes()) for _ in range(count)]


def _page() -> Picture:
    return np.full((SIDE, SIDE), 255, np.uint8)
