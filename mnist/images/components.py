"""Which connected pieces of ink are the digit, and what else is there."""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane

Box = tuple[int, int, int, int]
"""Left, top, width and height, in pixels."""


Labels = NDArray[np.integer[Any]]
"""The number of each pixel's piece, shape (h, w)."""


class Pieces(NamedTuple):
    """Connected pieces of ink.

    Attributes:
        labels: Shape (h, w), the number of each pixel's piece, counted from 1; 0 is ground.
        stats: Left, top, width, height and area of each piece, in pixels, shape (n, 5).
    """

    labels: Labels
    stats: NDArray[np.int32]


class Selection(NamedTuple):
    """The pieces taken for the digit.

    Attributes:
        mask: Their pixels, shape (h, w), 0 or 1.
        box: Their bounding box.
        rivals: Other pieces that are tall or large enough to be a digit themselves.
        specks: Pieces left out that are too small to be part of one.
    """

    mask: Plane
    box: Box
    rivals: int
    specks: int


def pieces_of(mask: Plane) -> Pieces:
    """Find the connected pieces of a mask, shape (h, w), 0 or 1."""
    # Numbers half as wide take less than half of the time; 2x2 pixels touch, so hold one at most.
    most = math.prod((side + 1) // 2 for side in mask.shape)
    ltype = cv2.CV_16U if most < 2**16 else cv2.CV_32S
    _, numbered, table, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=ltype)
    # Row 0 of the table is the ground.
    return Pieces(np.asarray(numbered), np.asarray(table, np.int32)[1:])


def largest(pieces: Pieces) -> NDArray[np.intp]:
    """Index the largest pieces: a grainy scan has thousands, and pairs of them are looked at."""
    largest_first = np.argsort(-pieces.stats[:, cv2.CC_STAT_AREA], kind="stable")
    return largest_first[: PARAMETERS.candidate_pieces]


def strength_of(piece: int, pieces: Pieces, ink: Ink) -> float:
    """Average the ink of a piece: show-through and printed text are fainter than the pen.

    Args:
        piece: Its index in `pieces.stats`.
        pieces: All pieces.
        ink: Strength of ink, shape (h, w).
    """
    box = _box_of(piece, pieces)
    inside = np.asarray(pieces.labels[box] == piece + 1).view(np.uint8)
    return float(cv2.mean(ink[box], inside)[0])


def select(pieces: Pieces, ink: Ink) -> Selection:
    """Take the most prominent piece of ink, and the pieces that belong to it.

    Prominent is long, inked, near the middle and not cut by the frame. A detached bar or a stroke
    in two parts is near the main piece; a neighbour's clipped end lies along the frame.

    Args:
        pieces: All pieces, at least one.
        ink: Strength of ink, shape (h, w).
    """
    labels, stats = pieces
    if len(stats) == 1:  # as in most pictures: all that follows takes longer than what went before
        left, top, width, height, _ = stats[0].tolist()
        return Selection(labels.astype(np.uint8), (left, top, width, height), 0, 0)
    candidates = largest(pieces)
    boxes = stats[candidates, :4].astype(np.float64)
    areas = stats[candidates, cv2.CC_STAT_AREA].astype(np.float64)
    clipped = _share_along_frame(labels, stats)[candidates]
    main = int(np.argmax(_prominence(boxes, areas, clipped, labels.shape)))
    strength = np.array([strength_of(piece, pieces, ink) for piece in candidates.tolist()])
    # What is left out: the clipped end of a neighbour, specks, and what is fainter than the pen.
    eligible = (
        (clipped < PARAMETERS.clipped)
        & (areas >= PARAMETERS.part_area * areas[main])
        & (strength >= PARAMETERS.part_strength * strength[main])
    )
    parts = _belonging(main, boxes, eligible)
    left_out = np.ones(len(areas), bool)
    left_out[parts] = False
    large = eligible & left_out & (areas >= PARAMETERS.rival_area * areas[main])
    # Taken for a part or left out, faint or clipped: what is as tall as a digit may be one.
    tall = boxes[:, 3] >= PARAMETERS.rival_height * boxes[main, 3]
    tall &= ~_around(boxes[main], boxes)  # a printed box; the main piece itself is none either
    for other in np.flatnonzero(tall).tolist():
        tall[other] = not _is_near_frame(int(candidates[other]), pieces)
    chosen = np.zeros(labels.shape, np.uint8)
    for piece in candidates[parts].tolist():
        box = _box_of(piece, pieces)
        chosen[box] |= labels[box] == piece + 1
    specks = int((stats[:, cv2.CC_STAT_AREA] < PARAMETERS.part_area * areas[main]).sum())
    left, top, width, height = cv2.boundingRect(chosen)
    rivals = int(np.count_nonzero(large | tall))
    return Selection(chosen, (left, top, width, height), rivals, specks)


def tall_pieces(mask: Plane, height: int) -> int:
    """Count pieces that may be digits beside one of so many pixels in height.

    A line along the frame, and the rim of a neighbour there, are none.
    """
    pieces = pieces_of(mask)
    tall = pieces.stats[:, cv2.CC_STAT_HEIGHT] >= PARAMETERS.rival_height * height
    return sum(not _is_near_frame(piece, pieces) for piece in np.flatnonzero(tall).tolist())


def _box_of(piece: int, pieces: Pieces) -> tuple[slice, slice]:
    """Rows and columns of a piece: looking at all of the picture takes ten times as long."""
    left, top, width, height, _ = pieces.stats[piece].tolist()
    return slice(top, top + height), slice(left, left + width)


def _prominence(
    boxes: NDArray[np.float64],
    areas: NDArray[np.float64],
    clipped: NDArray[np.float64],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """Weigh length, ink, distance from the middle and clipping, one number for each piece."""
    height, width = shape
    length = np.hypot(boxes[:, 2], boxes[:, 3])
    off_x = (boxes[:, 0] + boxes[:, 2] / 2) / width - 0.5
    off_y = (boxes[:, 1] + boxes[:, 3] / 2) / height - 0.5
    # A piece in a corner keeps half of its weight, and a clipped end a fifth: a large digit off
    # the middle still wins over a speck in it.
    central = 1 - np.minimum(np.hypot(off_x, off_y), 1) * 0.7
    return length * np.sqrt(areas) * central * (1 - 0.8 * np.minimum(clipped, 1))


def _share_along_frame(labels: Labels, stats: NDArray[np.int32]) -> NDArray[np.float64]:
    """Frame pixels of each piece per pixel of its longer side: near 1 for a clipped end."""
    frame = np.concatenate((labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]))
    touching = np.bincount(frame, minlength=len(stats) + 1)[1:]
    return np.asarray(touching / stats[:, 2:4].max(axis=1), np.float64)


def _is_near_frame(piece: int, pieces: Pieces) -> bool:
    """Whether nearly all of a piece is in a margin along the frame: a line, a neighbour's rim."""
    margin = max(1, round(PARAMETERS.frame_margin * min(pieces.labels.shape)))
    rows, columns = (
        slice(max(along.start, margin), min(along.stop, side - margin))
        for along, side in zip(_box_of(piece, pieces), pieces.labels.shape, strict=True)
    )
    inside = np.count_nonzero(pieces.labels[rows, columns] == piece + 1)
    share = 1 - inside / int(pieces.stats[piece, cv2.CC_STAT_AREA])
    return bool(share >= PARAMETERS.rival_near_frame)


def _around(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each of `boxes` encloses `box`; it encloses itself."""
    starts = (boxes[:, :2] <= box[:2]).all(axis=1)
    ends = (boxes[:, :2] + boxes[:, 2:] >= box[:2] + box[2:]).all(axis=1)
    return np.asarray(starts & ends, np.bool_)


def _belonging(
    main: int,
    boxes: NDArray[np.float64],
    eligible: NDArray[np.bool_],
) -> list[int]:
    """Collect the pieces near the main one, then those near these, until none is added."""
    # A gap in a large digit is wider than one in a small digit.
    reach = PARAMETERS.part_distance * boxes[main, 2:].max()
    parts = [main]
    waiting = [
        i
        for i in np.flatnonzero(eligible).tolist()
        if i != main and not _side_by_side(boxes[i], boxes[main])
    ]
    added = True
    while added:
        near = [i for i in waiting if min(_gap(boxes[i], boxes[j]) for j in parts) <= reach]
        waiting = [i for i in waiting if i not in near]
        parts += near
        added = bool(near)
    return parts


def _side_by_side(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether two pieces stand next to each other on one line, nearly as tall: two digits.

    The left stroke of an open 4 ends above the foot of its stem.
    """
    taller = max(a[3], b[3])
    apart = a[0] >= b[0] + b[2] or b[0] >= a[0] + a[2]
    on_one_line = abs(a[1] + a[3] - b[1] - b[3]) <= PARAMETERS.rival_line * taller
    return bool(apart and on_one_line and min(a[3], b[3]) >= PARAMETERS.rival_height * taller)


def _gap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    x = max(a[0] - b[0] - b[2], b[0] - a[0] - a[2], 0)
    y = max(a[1] - b[1] - b[3], b[1] - a[1] - a[3], 0)
    return float(np.hypot(x, y))
