"""Cut a value where a person says."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import Image
from mnist.images.results import Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.rendering import render
from mnist.layouts.results import Cut, PageBox
from mnist.layouts.writing import LineInk, line_of

_RIM = 3
"""Pixels of paper that are kept around the ink."""

_WHOLE = 0.85
"""Share of a stroke from which on all of it lies on one side of a cut that it reaches over."""


class CutDigit(NamedTuple):
    """What lies between two cuts.

    Attributes:
        image: Shape (28, 28), uint8, as a model is shown it.
        box: Of its ink, on the page.
    """

    image: Image
    box: PageBox


def can_be_cut(cut: Cut) -> bool:
    """Tell whether a place can be cut by hand.

    Printed boxes, and one digit, have no cuts. On a page that lies upside down or on its side, as
    a template may have told, columns are none of the writing.
    """
    if cut.outcome is not None or cut.line is None or cut.last < 2:
        return False
    first = np.mean([s.box for s in cut.segments if s.start == 0], axis=0)
    last = np.mean([s.box for s in cut.segments if s.end == cut.last], axis=0)
    across, along = last[:2] + last[2:] - first[:2] - first[2:]
    return bool(across > 2 * abs(along))


def digits_between(picture: Plane, cut: Cut, columns: Sequence[int]) -> list[CutDigit]:
    """Cut a value at columns instead of where the lattice has boundaries.

    Args:
        picture: The upright page, shape (h, w).
        cut: What was cut out of it.
        columns: Of the page, ascending; a stroke that mostly lies on one side stays there.

    Returns:
        What has the height of a digit, from left to right.
    """
    if not can_be_cut(cut):
        return []
    boxes = np.array([segment.box for segment in cut.segments])
    height, width = picture.shape
    left, top = np.maximum(boxes[:, :2].min(axis=0) - _RIM, 0).tolist()
    right, bottom = np.minimum(boxes[:, 2:].max(axis=0) + _RIM, (width, height)).tolist()
    line = line_of(picture[top:bottom, left:right])
    if line is None:
        return []
    pieces = _pieces(line, [(x - left - line.origin[0]) * line.scale for x in columns])
    digits = []
    for piece in range(len(columns) + 1):
        own = (pieces == piece).astype(np.uint8)
        x, y, wide, tall = cv2.boundingRect(own)
        if tall < P.segment_least * line.row:
            continue
        image = _drawn(line, own, pieces, (x, y, x + wide, y + tall))
        of_field = line.on_picture((x, y, x + wide, y + tall))
        on_page = (left, top, left, top)
        box = tuple(edge + start for edge, start in zip(of_field, on_page, strict=True))
        digits.append(CutDigit(image, (box[0], box[1], box[2], box[3])))
    return digits


def _pieces(line: LineInk, columns: Sequence[float]) -> NDArray[np.intp]:
    """Number the ink by what it lies between, shape (h, w); -1 where there is none."""
    of_column = np.searchsorted(np.sort(columns), np.arange(line.mask.shape[1]), side="right")
    count, strokes = cv2.connectedComponents(line.mask, connectivity=8)
    pieces = np.where(line.mask > 0, of_column, -1)
    for stroke in range(1, count):
        of_stroke = strokes == stroke
        areas = np.bincount(pieces[of_stroke], minlength=len(columns) + 1)
        if areas.max() >= _WHOLE * areas.sum():
            pieces[of_stroke] = areas.argmax()
    return np.asarray(pieces, np.intp)


def _drawn(line: LineInk, own: Plane, pieces: NDArray[np.intp], box: PageBox) -> Image:
    left, top, right, bottom = box
    # A pixel more, so that the grey rim of a stroke is there too.
    inside = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
    rim = cv2.dilate(own, np.ones((3, 3), np.uint8))[inside] > 0
    kept = rim & ((pieces[inside] == -1) | (own[inside] > 0))
    return render((line.ink[inside] * kept).astype(np.float32), line.level)
