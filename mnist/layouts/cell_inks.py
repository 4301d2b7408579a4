"""Which ink of a straightened sheet belongs to which cell, and whether a cell is empty."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.results import Ink, Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.sheets import CellSheet


class CellInk(NamedTuple):
    """The writing in one cell.

    Attributes:
        ink: Its strength in the box of the writing, shape (h, w); 0 where nothing is written.
        level: Typical strength.
        box: Of the writing, left, top, right and bottom on the sheet.
        rivals: Further pieces as tall as a digit beside the largest one.
    """

    ink: Ink
    level: float
    box: tuple[int, int, int, int]
    rivals: int


class _Pieces(NamedTuple):
    """Connected ink, in the part of it that belongs to one cell."""

    cell: NDArray[np.intp]
    piece: NDArray[np.intp]
    y: NDArray[np.intp]
    x: NDArray[np.intp]


def writing(sheet: CellSheet) -> list[CellInk | None]:
    """Collect what is written in each cell, row by row; None for an empty cell."""
    rows, columns = (size - 1 for size in sheet.mesh.shape[:2])
    pixels = _owned(sheet, rows, columns)
    order = np.lexsort((pixels.piece, pixels.cell))
    cells: list[CellInk | None] = [None] * (rows * columns)
    cell, piece = pixels.cell[order], pixels.piece[order]
    y, x = pixels.y[order], pixels.x[order]
    edges = np.flatnonzero(np.diff(cell)) + 1
    starts = np.r_[0, edges]
    stops = np.r_[edges, cell.size]
    for start, stop in zip(starts, stops, strict=True):
        if stop > start:
            number = int(cell[start])
            inside = slice(int(start), int(stop))
            cells[number] = _cell_ink(
                sheet, divmod(number, columns), (piece[inside], y[inside], x[inside])
            )
    return cells


def _owned(sheet: CellSheet, rows: int, columns: int) -> _Pieces:
    """Give every pixel of ink to a cell; what reaches over a line goes where most of it lies."""
    mask = (sheet.ink > sheet.least).astype(np.uint8)
    _, numbered = cv2.connectedComponents(mask, connectivity=8)
    y, x = np.nonzero(mask)
    piece = np.asarray(numbered, np.int32)[y, x].astype(np.intp)
    row = np.clip((y - sheet.margin) // sheet.height, 0, rows - 1)
    column = np.clip((x - sheet.margin) // sheet.width, 0, columns - 1)
    cell = row * columns + column
    inside = _inside(y, sheet.margin, rows * sheet.height, 0.15 * sheet.height)
    inside &= _inside(x, sheet.margin, columns * sheet.width, 0.15 * sheet.width)
    piece, cell, y, x = piece[inside], cell[inside], y[inside], x[inside]
    pairs, pair, counts = np.unique(
        piece * (rows * columns) + cell, return_inverse=True, return_counts=True
    )
    of_piece, of_cell = np.divmod(pairs, rows * columns)
    total = np.bincount(of_piece, weights=counts)
    # Sorted by piece and size, the last of a piece is where most of it lies.
    order = np.lexsort((counts, of_piece))
    home = np.zeros(total.size, np.intp)
    home[of_piece[order]] = of_cell[order]
    owner = of_cell.copy()
    # Of two digits that touch over a line, the smaller one is no end of the other.
    small = counts < P.owner_least * total[of_piece]
    small &= counts < P.end_most * sheet.height * sheet.width
    apart = np.maximum(
        np.abs(of_cell // columns - home[of_piece] // columns),
        np.abs(of_cell % columns - home[of_piece] % columns),
    )
    moved = small & (apart <= 1)
    owner[moved] = home[of_piece[moved]]
    return _Pieces(owner[pair], piece, y, x)


def _inside(places: NDArray[np.intp], margin: int, length: int, reach: float) -> NDArray[np.bool_]:
    return (places >= margin - reach) & (places < margin + length + reach)


def _cell_ink(
    sheet: CellSheet,
    cell: tuple[int, int],
    pixels: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]],
) -> CellInk | None:
    piece, y, x = pixels
    top = sheet.margin + cell[0] * sheet.height
    left = sheet.margin + cell[1] * sheet.width
    kept = list(_writing_pieces(sheet, (top, left), pixels))
    if not kept:
        return None
    boxes = np.array([box for _, box, _ in kept])
    areas = np.array([area for *_, area in kept])
    main = int(np.argmax(areas * np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])))
    tall, wide = boxes[main, 3] - boxes[main, 1], boxes[main, 2] - boxes[main, 0]
    if max(tall, wide) < P.digit_least * min(sheet.height, sheet.width):
        return None
    near = _gaps(boxes[main], boxes) <= P.part_near * max(tall, wide)
    large = areas >= np.where(near, P.part_least, P.part_large) * areas[main]
    rivals = sum(
        _is_rival(boxes[main], box)
        for index, box in enumerate(boxes)
        if index != main and large[index]
    )
    numbers = [number for (number, *_), keep in zip(kept, large, strict=True) if keep]
    low, high = boxes[large, :2].min(axis=0), boxes[large, 2:].max(axis=0)
    chosen = np.isin(piece, numbers) if len(numbers) > 1 else piece == numbers[0]
    box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    return _cropped(sheet, (y[chosen], x[chosen]), box, rivals)


def _writing_pieces(
    sheet: CellSheet,
    corner: tuple[int, int],
    pixels: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]],
) -> Iterator[tuple[int, tuple[int, int, int, int], int]]:
    """Yield number, box and area of what is no rest of a line along the rim of the cell."""
    piece, y, x = pixels
    top, left = corner
    rim_y, rim_x = P.rim * sheet.height, P.rim * sheet.width
    edges = np.flatnonzero(np.diff(piece)) + 1
    for start, stop in zip(np.r_[0, edges], np.r_[edges, piece.size], strict=True):
        ys, xs = y[start:stop], x[start:stop]
        box = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
        in_rim = (
            box[3] <= top + rim_y
            or box[1] >= top + sheet.height - rim_y
            or box[2] <= left + rim_x
            or box[0] >= left + sheet.width - rim_x
        )
        if not in_rim and stop - start >= 4:
            yield int(piece[start]), box, int(stop - start)


def _gaps(main: NDArray[np.intp], boxes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Distance of boxes from the main one, in pixels."""
    apart = np.maximum(boxes[:, :2] - main[2:], main[:2] - boxes[:, 2:]).clip(min=0)
    return np.asarray(np.hypot(apart[:, 0], apart[:, 1]), np.float64)


def _is_rival(main: NDArray[np.intp], other: NDArray[np.intp]) -> bool:
    """Whether a piece stands beside the main one and is nearly as tall: another digit."""
    tall, height = other[3] - other[1], main[3] - main[1]
    apart = other[0] >= main[2] or main[0] >= other[2]
    return bool(apart and tall >= 0.6 * height and abs(other[3] - main[3]) <= 0.2 * height)


def _cropped(
    sheet: CellSheet,
    pixels: tuple[NDArray[np.intp], NDArray[np.intp]],
    box: tuple[int, int, int, int],
    rivals: int,
) -> CellInk:
    left, top, right, bottom = box
    strengths = sheet.ink[pixels]
    # The stronger half is the middle of strokes, the other their grey rims.
    level = float(strengths[strengths >= np.median(strengths)].mean())
    mask: Plane = np.zeros((bottom - top, right - left), np.uint8)
    mask[pixels[0] - top, pixels[1] - left] = 1
    strong = mask * (sheet.ink[top:bottom, left:right] > P.ink_share * level)
    at = cv2.boundingRect(strong.astype(np.uint8))
    rows, columns = slice(at[1], at[1] + at[3]), slice(at[0], at[0] + at[2])
    crop = (sheet.ink[top:bottom, left:right] * mask)[rows, columns]
    tight = (left + at[0], top + at[1], left + at[0] + at[2], top + at[1] + at[3])
    return CellInk(np.asarray(crop, np.float32), level, tight, rivals)
