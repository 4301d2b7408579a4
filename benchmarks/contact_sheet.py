"""A contact sheet: pictures side by side, each as it came and as the network saw it."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from mnist.digits import Image
from mnist.images.results import Plane

_SIDE, _LINE, _COLUMNS = 112, 14, 6
"""Pixels of a picture and of a line of text; tiles beside each other."""


class Tile(NamedTuple):
    """One file of the sheet: its bytes, what `decode` made of it, and lines of text."""

    content: bytes
    pixels: Image | None
    lines: tuple[str, ...]


def contact_sheet(tiles: Sequence[Tile]) -> bytes:
    """Draw the tiles in rows, as a PNG file; without any it shows one empty row."""
    drawn = [_drawn(tile) for tile in tiles] or [_drawn(Tile(b"", None, ()))]
    empty = np.full_like(drawn[0], 255)
    drawn += [empty] * (-len(drawn) % _COLUMNS)
    rows = [np.hstack(drawn[at : at + _COLUMNS]) for at in range(0, len(drawn), _COLUMNS)]
    return cv2.imencode(".png", np.vstack(rows))[1].tobytes()


def _drawn(tile: Tile) -> Plane:
    picture = np.full((_SIDE + 4 * _LINE, 2 * _SIDE + 8), 255, np.uint8)
    # A file that OpenCV cannot open leaves its place empty.
    known = (
        cv2.imdecode(np.frombuffer(tile.content, np.uint8), cv2.IMREAD_GRAYSCALE)
        if tile.content
        else None
    )
    for at, shown in ((0, known), (_SIDE + 4, tile.pixels)):
        if shown is not None:
            scale = _SIDE / max(shown.shape)
            size = [max(1, round(side * scale)) for side in shown.shape[::-1]]
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
            picture[: size[1], at : at + size[0]] = cv2.resize(shown, size, interpolation=method)
    for number, text in enumerate(tile.lines, start=1):
        place = (2, _SIDE + number * _LINE)
        cv2.putText(picture, text[:36], place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, 0, 1, cv2.LINE_AA)
    return picture
