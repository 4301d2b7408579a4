"""Every digit that may be in a line of writing, with what its shape says of it."""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import SIDE, Images
from mnist.images.results import Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.rendering import render
from mnist.layouts.seams import seams_of
from mnist.layouts.writing import LineInk

Box = tuple[int, int, int, int]

SHAPE_FEATURES = (
    "one",
    "width",
    "narrow",
    "wide",
    "short",
    "tall",
    "high",
    "low",
    "cost",
    "gap",
)
"""What a segment's shape is described by, in shares of the height of the row."""


class Lattice(NamedTuple):
    """Digits that may be there.

    Attributes:
        images: Of each segment, shape (k, 28, 28).
        spans: First and last boundary of each, shape (k, 2).
        boxes: Of each on the line.
        shapes: Features of each, shape (k, len(SHAPE_FEATURES)).
        blots: What of the pieces between neighbouring boundaries may be no digit: boundary in
            front of it -> features.
        signs: Pieces that look like a point, comma or minus, by the boundary in front of them.
        blanks: Boundaries behind a gap as wide as a blank.
        last: The last boundary.
    """

    images: Images
    spans: NDArray[np.intp]
    boxes: list[Box]
    shapes: NDArray[np.float64]
    blots: dict[int, tuple[float, ...]]
    signs: dict[int, str]
    blanks: list[int]
    last: int


class _Pieces(NamedTuple):
    """Ink between neighbouring cuts."""

    labels: NDArray[np.intp]
    boxes: NDArray[np.intp]
    areas: NDArray[np.intp]
    costs: NDArray[np.float64]


def lattice_of(line: LineInk) -> Lattice:
    """Combine what lies between neighbouring cuts in every way that may be one digit."""
    pieces = _pieces(line)
    count = len(pieces.areas)
    middle = _middle(pieces, line.row)
    images, spans, boxes, shapes = [], [], [], []
    for start in range(count):
        for end in range(start + 1, min(count, start + P.pieces_most) + 1):
            box = _joined(pieces.boxes[start:end])
            if end > start + 1 and box[2] - box[0] > P.segment_widest * line.row:
                break
            if box[3] - box[1] < P.segment_least * line.row:
                continue
            images.append(_drawn(line, pieces.labels, (start, end), box))
            spans.append((start, end))
            boxes.append(box)
            shapes.append(_shape(pieces, (start, end), box, line, middle))
    blots = {
        index: _blot(pieces, index, line)
        for index in range(count)
        if pieces.areas[index] <= P.blot_most * line.row * line.pen
        and pieces.boxes[index, 3] - pieces.boxes[index, 1] <= P.row_share * line.row
    }
    return Lattice(
        np.stack(images) if images else np.empty((0, SIDE, SIDE), np.uint8),
        np.asarray(spans, np.intp).reshape(-1, 2),
        boxes,
        np.asarray(shapes, np.float64).reshape(-1, len(SHAPE_FEATURES)),
        blots,
        {index: sign for index in blots if (sign := _sign(pieces, index, line, middle))},
        _blanks(pieces, line.row),
        count,
    )


def _pieces(line: LineInk) -> _Pieces:
    strength = np.clip(line.ink / line.level, 0, 1) ** 2
    seams = seams_of(strength, line.mask, line.row, line.pen)
    height, width = line.mask.shape
    steps = np.zeros((height, width + 2), np.intp)
    rows = np.arange(height)
    for columns in seams.columns[1:-1]:
        np.add.at(steps, (rows, columns + 1), 1)
    labels = steps.cumsum(axis=1)[:, :width]
    inked = line.mask > 0
    present = np.unique(labels[inked])
    # Cuts without ink between them are one: the cheaper of each run counts.
    costs = [0.0]
    for before, after in pairwise(present):
        costs.append(float(seams.costs[before + 1 : after + 1].min()))
    costs.append(0.0)
    labels = np.searchsorted(present, labels).clip(max=len(present) - 1)
    boxes, areas = [], []
    for index in range(len(present)):
        own = ((labels == index) & inked).astype(np.uint8)
        x, y, box_width, box_height = cv2.boundingRect(own)
        boxes.append((x, y, x + box_width, y + box_height))
        areas.append(int(own.sum()))
    return _Pieces(
        labels, np.asarray(boxes, np.intp), np.asarray(areas, np.intp), np.asarray(costs)
    )


def _middle(pieces: _Pieces, row: float) -> float:
    """Height of the middle of the line, in pixels from above."""
    tall = pieces.boxes[:, 3] - pieces.boxes[:, 1] >= P.row_share * row
    chosen = pieces.boxes[tall] if tall.any() else pieces.boxes
    return float(np.median((chosen[:, 1] + chosen[:, 3]) / 2))


def _joined(boxes: NDArray[np.intp]) -> Box:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _drawn(line: LineInk, labels: NDArray[np.intp], span: tuple[int, int], box: Box) -> Plane:
    left, top, right, bottom = box
    # A pixel more, so that the grey rim of a stroke is there too.
    inside = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
    own = (labels[inside] >= span[0]) & (labels[inside] < span[1])
    return render((line.ink[inside] * own).astype(np.float32), line.level)


def _shape(
    pieces: _Pieces, span: tuple[int, int], box: Box, line: LineInk, middle: float
) -> tuple[float, ...]:
    start, end = span
    gaps = pieces.boxes[start + 1 : end, 0] - np.maximum.accumulate(pieces.boxes[start:end, 2])[:-1]
    cost = float(pieces.costs[start] + pieces.costs[end]) / line.pen
    gap = max(0.0, float(gaps.max(initial=0))) / line.row
    return segment_shape(box, line.row, middle, cost, gap)


def segment_shape(
    box: Box, row: float, middle: float | None = None, cost: float = 0.0, gap: float = 0.0
) -> tuple[float, ...]:
    """Describe the shape of a segment by `SHAPE_FEATURES`.

    Args:
        box: Of its ink.
        row: Height of a digit of its row.
        middle: Of the row; None where a digit may be anywhere in its cell.
        cost: Widths of the pen that the cuts on both sides go through.
        gap: Widest gap in it, in shares of the row.
    """
    left, top, right, bottom = box
    width, height = (right - left) / row, (bottom - top) / row
    low = 0.0 if middle is None else ((top + bottom) / 2 - middle) / row
    return (
        1.0,
        width,
        max(0.0, 0.35 - width),
        max(0.0, width - 0.9),
        max(0.0, 0.8 - height),
        max(0.0, height - 1.1),
        max(0.0, -low - 0.1),
        max(0.0, low - 0.1),
        cost,
        gap,
    )


BLOT_FEATURES = ("one", "ink", "height", "width", "cost")
"""What a piece that may be no digit is described by."""


def _blot(pieces: _Pieces, index: int, line: LineInk) -> tuple[float, ...]:
    left, top, right, bottom = pieces.boxes[index]
    return (
        1.0,
        float(pieces.areas[index] / (line.row * line.pen)),
        float((bottom - top) / line.row),
        float((right - left) / line.row),
        float((pieces.costs[index] + pieces.costs[index + 1]) / line.pen),
    )


def _sign(pieces: _Pieces, index: int, line: LineInk, middle: float) -> str:
    """Name the sign that a small piece looks like; empty for none."""
    left, top, right, bottom = pieces.boxes[index]
    width, height = (right - left) / line.row, (bottom - top) / line.row
    low = ((top + bottom) / 2 - middle) / line.row
    if width > 1.5 * height and 0.2 <= width <= 0.9 and abs(low) <= 0.25:
        return "-"
    if low < 0.25 or width > 0.35:
        return ""
    return "." if height <= 0.28 else ("," if height <= 0.55 else "")


def _blanks(pieces: _Pieces, row: float) -> list[int]:
    reach = np.maximum.accumulate(pieces.boxes[:, 2])[:-1]
    return (np.flatnonzero(pieces.boxes[1:, 0] - reach >= P.blank_least * row) + 1).tolist()
