"""The images that the demonstration drops: good ones of many kinds, and three bad ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.digits import Image

_SIZES = (28, 40, 64, 120, 200)
_INKS = {"black": (25, 25, 25), "blue": (150, 60, 30), "red": (40, 40, 180)}
_PAPER = (238, 244, 247)


@dataclass(frozen=True)
class Style:
    """How a digit is written out: pixels, colour, which is darker, and the file format."""

    size: int
    ink: str
    dark_on_light: bool
    extension: str


def demonstration_images(test: LabelledImages, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield file names and contents: test digits in many styles, own examples, bad files.

    Args:
        test: Test images; evenly spaced ones are taken, so that every digit appears.
        number: How many of them.
    """
    picked = np.linspace(0, test.n - 1, number).astype(int)
    for place, (row, style) in enumerate(zip(picked, _styles(), strict=False)):
        name = f"{place:03d}-test-{row:05d}-is-{test.labels[row]}-{style.size}px-{style.ink}"
        yield f"{name}{style.extension}", _encode(_render(test.images[row], style), style.extension)
    for path in sorted(Path("examples").glob("*.[pj][np]g")):
        yield f"example-{path.name}", path.read_bytes()
    whole = _encode(
        _render(test.images[0], Style(200, "black", dark_on_light=True, extension=".png")), ".png"
    )
    yield "bad-empty.png", b""
    yield "bad-text.png", b"This is a text file that somebody named .png.\n"
    yield "bad-truncated.png", whole[: len(whole) // 2]


def _styles() -> Iterator[Style]:
    """Go round through sizes, inks, polarities and formats so that all of them meet."""
    for number, size, ink in zip(count(), cycle(_SIZES), cycle(_INKS), strict=False):
        yield Style(size, ink, number % 4 != 0, (".png", ".jpg")[number % 7 % 2])


def _render(image: Image, style: Style) -> NDArray[np.uint8]:
    """Draw a digit, (28, 28) bright on dark, as a coloured picture (size, size, 3)."""
    large = cv2.resize(image, (style.size, style.size), interpolation=cv2.INTER_CUBIC)
    if not style.dark_on_light:
        return cv2.cvtColor(large, cv2.COLOR_GRAY2BGR).astype(np.uint8)
    cover = (large.astype(np.float32) / 255)[:, :, None]
    ink, paper = np.array(_INKS[style.ink], np.float32), np.array(_PAPER, np.float32)
    return np.clip(paper * (1 - cover) + ink * cover, 0, 255).astype(np.uint8)


def _encode(picture: NDArray[np.uint8], extension: str) -> bytes:
    encoded, content = cv2.imencode(extension, picture)
    if not encoded:
        raise ValueError(f"OpenCV cannot write {extension} files here.")
    return content.tobytes()
