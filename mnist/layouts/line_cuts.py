"""Make the cut of a line of writing: every way that may be right is a path of segments."""

import cv2

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
        _warnings(line, lattice),
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


def _warnings(line: LineInk, lattice: Lattice) -> tuple[ImageWarning, ...]:
    doubts = {
        ImageWarning.LOW_CONTRAST: line.level < PARAMETERS.low_contrast,
        ImageWarning.NOISY: len(lattice.blots) > PARAMETERS.noisy_specks,
    }
    return tuple(warning for warning, doubtful in doubts.items() if doubtful)
