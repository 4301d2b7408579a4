"""Pictures with more than one digit: sheets of cells, forms and strips, drawn with known digits."""

import json
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.factories import digit_images

CELL = 40
MARGIN = 60


def png_of(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture."""
    return bytes(cv2.imencode(".png", picture)[1])


def sheet(cells: Sequence[Sequence[int | None]]) -> NDArray[np.uint8]:
    """Draw a ruled sheet, dark on white, with a digit in each cell; None leaves a cell empty."""
    rows, columns = len(cells), len(cells[0])
    height, width = rows * CELL + 2 * MARGIN, columns * CELL + 2 * MARGIN
    picture = np.full((height, width), 255, np.uint8)
    for row in range(rows + 1):
        y = MARGIN + row * CELL
        cv2.line(picture, (MARGIN, y), (width - MARGIN, y), 0, 1)
    for column in range(columns + 1):
        x = MARGIN + column * CELL
        cv2.line(picture, (x, MARGIN), (x, height - MARGIN), 0, 1)
    for row, line in enumerate(cells):
        for column, digit in enumerate(line):
            if digit is not None:
                _draw(picture, digit, MARGIN + column * CELL + 6, MARGIN + row * CELL + 6)
    return picture


def strip(digits: str, gap: int = 8) -> NDArray[np.uint8]:
    """Draw digits side by side, dark on white."""
    picture = np.full((68, len(digits) * (28 + gap) + 40), 255, np.uint8)
    for place, digit in enumerate(digits):
        _draw(picture, int(digit), 20 + place * (28 + gap), 20)
    return picture


def layout(**says: Any) -> bytes:
    """Write a layout."""
    return json.dumps(says).encode()


def _draw(picture: NDArray[np.uint8], digit: int, left: int, top: int) -> None:
    drawn = 255 - digit_images(np.array([digit]))[0]
    place = picture[top : top + 28, left : left + 28]
    np.minimum(place, drawn, out=place)
