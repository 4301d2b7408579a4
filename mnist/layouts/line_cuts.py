"""Make the cut of a line of writing: every way that may be right is a path of segments."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Reason
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Rejection
from mnist.layouts.lattice import Lattice, lattice_of
from mnist.layouts.layout import PlaceContent
from mnist.layouts.line_images import line_image
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.results import Cut, PageBox, Segment, without_digits
from mnist.layouts.writing import LineInk


def line_cut(
    line: LineInk, place: str, box: PageBox, content: PlaceContent, corner: tuple[int, int]
) -> Cut:
    """Cut a line of writing.

    Args:
        line: The writing.
        place: Name of its place.
        box: Of the place, on the page.
        content: What may be written there.
        corner: Where the picture that the line was found in begins on the page, x and y.
    """
    pieces = cv2.connectedComponents(line.mask, connectivity=8)[0] - 1
    if pieces > P.pieces_total or line.mask.shape[1] > P.line_widest * line.row:
        return without_digits(place, box, content, _no_value(pieces))
    lattice = lattice_of(line)
    if lattice.last > P.pieces_total or not len(lattice.images):
        return without_digits(place, box, content, _no_value(lattice.last))
    x, y = corner
    segments = []
    for span, ink_box, shape in zip(lattice.spans, lattice.boxes, lattice.shapes, strict=True):
        left, top, right, bottom = line.on_picture(ink_box)
        on_page = (x + left, y + top, x + right, y + bottom)
        segments.append(Segment(int(span[0]), int(span[1]), on_page, tuple(shape.tolist())))
    return Cut(
        place,
        box,
        content,
        None,
        lattice.images,
        tuple(segments),
        lattice.last,
        _signs(lattice, content.symbols),
        frozenset(lattice.blanks if " " in content.symbols else ()),
        tuple(lattice.blots.items()),
        _warnings(line, lattice, content),
        None if content.count == 1 else line_image(line),
    )


def _no_value(pieces: int) -> Rejection:
    return Rejection(
        Reason.NOT_ALIGNED,
        f"What is written falls into {pieces} pieces; a value has at most {P.pieces_total}, and is "
        f"at most {P.line_widest:g} times as wide as tall.",
    )


def _signs(lattice: Lattice, allowed: str) -> tuple[tuple[int, str], ...]:
    """Keep the signs that may be there; a point and a comma look alike where one is allowed."""
    alike = {".,": "", ".": ".", ",": ","}
    mark = alike["".join(sign for sign in ".," if sign in allowed) or ".,"]
    signs = {at: mark if mark and sign in ".," else sign for at, sign in lattice.signs.items()}
    return tuple((at, sign) for at, sign in signs.items() if sign in allowed)


def _is_two_values(line: LineInk, content: PlaceContent) -> bool:
    """Whether there may be two values: one below the other, or far apart and nobody said how long.

    Only what is tall counts, so that no speck joins them.
    """
    _, numbered, table, _ = cv2.connectedComponentsWithStats(line.mask, connectivity=8)
    tall = table[1:, cv2.CC_STAT_HEIGHT] >= P.segment_least * line.row
    kept = np.isin(numbered, np.flatnonzero(tall) + 1)
    lines, columns = _runs(np.asarray(kept.any(axis=1))), np.asarray(kept.any(axis=0))
    if sum(run >= P.values_tall * line.row for run in lines) > 1:
        return True
    if content.count is not None or " " in content.symbols:
        return False
    inked = np.flatnonzero(columns)
    gaps = _runs(~columns[inked[0] : inked[-1] + 1]) if len(inked) else []
    return any(gap >= P.values_apart * line.row for gap in gaps)


def _runs(marked: NDArray[np.bool_]) -> list[int]:
    """Lengths of the runs of marked places."""
    edges = np.flatnonzero(np.diff(np.pad(marked.astype(np.int8), 1)))
    return [int(length) for length in edges[1::2] - edges[::2]]


def _warnings(line: LineInk, lattice: Lattice, content: PlaceContent) -> tuple[ImageWarning, ...]:
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: _is_two_values(line, content),
        ImageWarning.LOW_CONTRAST: line.level < PARAMETERS.low_contrast,
        ImageWarning.NOISY: len(lattice.blots) > PARAMETERS.noisy_specks,
    }
    return tuple(warning for warning, doubtful in doubts.items() if doubtful)
