"""Whether the ink is a row of digits instead of one digit.

Only what is certain is said here; what is doubtful is a warning (`image_warnings`).
"""

from typing import NamedTuple

import numpy as np

from mnist.images.components import Labels, Pieces, largest, strength_of
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink


class Row(NamedTuple):
    """Pieces of ink that stand side by side like digits.

    Attributes:
        pieces: How many.
        digits: About how many digits they are: pieces as wide as several count as several.
    """

    pieces: int
    digits: int

    @property
    def sentence(self) -> str:
        """Say what was seen, and what to do."""
        ink = f"{self.pieces} pieces side by side" if self.pieces > 1 else "one wide piece"
        remedy = "cut the picture into one image for each digit, or say by a _LAYOUT.json how"
        return f"The ink is {ink}, about {self.digits} digits; {remedy}."


class _Piece(NamedTuple):
    left: int
    top: int
    width: int
    height: int
    area: int


def row_of(pieces: Pieces, ink: Ink) -> Row:
    """Find the digits in a row.

    Args:
        pieces: All pieces of ink.
        ink: Strength of ink, shape (h, w).
    """
    boxes = {index: _Piece(*map(int, pieces.stats[index])) for index in largest(pieces).tolist()}
    boxes = {index: piece for index, piece in boxes.items() if _is_inside(piece, pieces.labels)}
    if not boxes:
        return Row(0, 0)
    tallest = max(boxes.values(), key=lambda piece: piece.height)
    tall = {
        index: piece
        for index, piece in boxes.items()
        if piece.height >= PARAMETERS.row_height * tallest.height
    }
    strengths = {index: strength_of(index, pieces, ink) for index in tall} if len(tall) > 1 else {}
    strongest = max(strengths.values(), default=0.0)
    row = [
        piece
        for index, piece in tall.items()
        if strengths.get(index, 0.0) >= PARAMETERS.part_strength * strongest
        and _overlap(piece, tallest) >= PARAMETERS.row_overlap * piece.height
    ]
    apart = _apart(row)
    return Row(len(apart), sum(_digits_in(piece, pieces.labels) for piece in apart))


def _is_inside(piece: _Piece, labels: Labels) -> bool:
    """Tell whether a piece is no end of something outside: it does not lie along a side."""
    rows = slice(piece.top, piece.top + piece.height)
    edges = (
        (piece.left == 0, labels[rows, 0]),
        (piece.left + piece.width == labels.shape[1], labels[rows, -1]),
    )
    return not any(
        touches and np.count_nonzero(edge) >= PARAMETERS.clipped * piece.height
        for touches, edge in edges
    )


def _is_cut(piece: _Piece, labels: Labels) -> bool:
    """Tell whether the frame cuts a piece above or below: what is left of it is wide."""
    return piece.top == 0 or piece.top + piece.height == len(labels)


def _overlap(a: _Piece, b: _Piece) -> int:
    return min(a.top + a.height, b.top + b.height) - max(a.top, b.top)


def _apart(row: list[_Piece]) -> list[_Piece]:
    """Keep pieces that no other one stands over or under; thin lines may be those of a form."""
    thick = [p for p in row if p.width >= PARAMETERS.row_thinnest * p.height]
    thick.sort(key=lambda piece: -piece.area)
    kept: list[_Piece] = []
    for piece in thick:
        if all(_gap(piece, other) > -PARAMETERS.row_overhang * piece.width for other in kept):
            kept.append(piece)
    return kept


def _gap(a: _Piece, b: _Piece) -> int:
    return max(a.left, b.left) - min(a.left + a.width, b.left + b.width)


def _digits_in(piece: _Piece, labels: Labels) -> int:
    """Say as how many digits a piece is wide, if it is tall all along as digits are."""
    if piece.width < PARAMETERS.row_wide * piece.height or _is_cut(piece, labels):
        return 1
    box = np.s_[piece.top : piece.top + piece.height, piece.left : piece.left + piece.width]
    inside = labels[box] > 0
    if inside.mean() > PARAMETERS.row_most_ink:  # a dash, a bar, a blot
        return 1
    slices = max(2, round(piece.width / (PARAMETERS.row_slice * piece.height)))
    for part in np.array_split(inside, slices, axis=1):
        lines = np.flatnonzero(part.any(axis=1))
        if not lines.size or lines[-1] - lines[0] + 1 < PARAMETERS.row_height * piece.height:
            return 1
    return slices
