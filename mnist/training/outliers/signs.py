"""Letters and signs of many scripts, from the fonts that come with Matplotlib."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from mnist.training.outliers.drawing import CANVAS, Picture

_FONTS = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansMono.ttf",
    "DejaVuSerif.ttf", "DejaVuSerif-Italic.ttf", "DejaVuSerif-Bold.ttf", "STIXGeneral.ttf",
    "STIXGeneralItalic.ttf", "cmr10.ttf", "cmss10.ttf", "cmtt10.ttf", "cmmi10.ttf",
)  # fmt: skip

_FONT_SIZE = 46

_BLOCKS = (
    (0x21, 0x7F), (0xA1, 0x180), (0x391, 0x3CA), (0x410, 0x450), (0x531, 0x588), (0x5D0, 0x5EB),
    (0x621, 0x64B), (0x660, 0x66A), (0x10D0, 0x10F6), (0x2190, 0x21A0), (0x2200, 0x2260),
    (0x25A0, 0x2600), (0x2600, 0x2670), (0x2D30, 0x2D66),
)  # fmt: skip
"""Code points: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic and its digits, Georgian, arrows,
mathematics, geometry, symbols, Tifinagh."""

# fmt: off
_LIKE_DIGITS = frozenset(
    "0123456789OoDQIil|!/\\SsZzBbGqgJjrTty()[]{},.;:'\"`^~_-$&"
    "°º·¸¹²³¼½¾¡¦¨¯´ØøÐÞþßıƵłŀ"  # noqa: RUF001 -- look-alikes are the point of this list
    "ΟοΙιΤσΘθγυΓδΖЗзОоСсВЬЪЫэбчЧуГгТт"
    "ՕօՏՁշզցձջլվՅԿկՎ"
    "סוןזיךרףלד"
    "اه١٥٦٩و"
    "იევმტზ"
    "○◦●•◌◯◎☉⟋∕∖∘∙∣∫☡≀♉∅⵰ⵔⵙⵏⵍⵁⵖⴵⵑ"  # noqa: RUF001
)
# fmt: on
"""Signs of these blocks that a hand writes like a digit, or of which a trained network still takes
a third for digits."""


@cache
def signs() -> tuple[Picture, ...]:
    """Draw every sign of these blocks in each font that has it, once; each on a page."""
    return tuple(picture for picture in _drawn_signs() if np.count_nonzero(picture) > CANVAS)


def _drawn_signs() -> Iterator[Picture]:
    folder = Path(mpl.get_data_path(), "fonts", "ttf")
    for name in _FONTS:
        drawable = FT2Font(str(folder / name)).get_charmap()
        font = ImageFont.truetype(folder / name, _FONT_SIZE)
        for start, end in _BLOCKS:
            for point in range(start, end):
                if point in drawable and not _is_like_a_digit(chr(point)):
                    yield _drawn(chr(point), font)


def _is_like_a_digit(sign: str) -> bool:
    """Tell whether a sign is left out, with an accent or without."""
    return unicodedata.normalize("NFD", sign)[0] in _LIKE_DIGITS or sign in _LIKE_DIGITS


def _drawn(sign: str, font: ImageFont.FreeTypeFont) -> Picture:
    picture = Image.new("L", (CANVAS, CANVAS), 0)
    centre = (CANVAS / 2, CANVAS / 2)
    ImageDraw.Draw(picture).text(centre, sign, font=font, fill=255, anchor="mm")
    return np.array(picture)
