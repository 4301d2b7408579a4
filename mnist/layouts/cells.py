"""Cut the cells of a sheet, and the boxes of a field that has one for each digit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist.digits import Image, ImageWarning, Outcome
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane
from mnist.layouts.cell_inks import CellInk, writing
from mnist.layouts.grids import GridMesh, find_grid
from mnist.layouts.lattice import segment_shape
from mnist.layouts.layout import PlaceContent
from mnist.layouts.line_cuts import line_cut
from mnist.layouts.rendering import render
from mnist.layouts.results import Cut, PageBox, Segment, without_digits
from mnist.layouts.sheets import CellSheet, straight_sheet
from mnist.layouts.writing import line_from


def sheet_cuts(
    plane: Plane, grid: tuple[int, int], places: Sequence[str], content: PlaceContent
) -> list[Cut] | str:
    """Cut out every cell of a sheet, row by row, or say in words why it does not fit.

    Args:
        plane: The upright page.
        grid: Rows and columns of cells.
        places: Names of the cells.
        content: What may be written in each.
    """
    mesh = find_grid(plane, *grid)
    if isinstance(mesh, str) or mesh.problem:
        return mesh if isinstance(mesh, str) else mesh.problem
    sheet = straight_sheet(plane, mesh.points)
    inks = writing(sheet)
    row = _row_height(inks, sheet)
    boxes = sheet.on_page(_cell_boxes(sheet), plane.shape)
    ink_boxes = _ink_boxes(sheet, inks, plane.shape)
    cuts = []
    for number, (place, ink) in enumerate(zip(places, inks, strict=True)):
        box = _page_box(boxes[number])
        if ink is None:
            cuts.append(without_digits(place, box, content, Outcome.EMPTY))
        elif content.count == 1:
            segment = Segment(0, 1, ink_boxes[number], segment_shape(ink.box, row))
            image = render(ink.ink, ink.level)[None]
            warnings = warnings_of(ink)
            cuts.append(Cut(place, box, content, None, image, (segment,), 1, warnings=warnings))
        else:
            cuts.append(_line_in_cell(ink, place, box, content, ink_boxes[number][:2]))
    return cuts


def _line_in_cell(
    ink: CellInk, place: str, box: PageBox, content: PlaceContent, corner: tuple[int, int]
) -> Cut:
    line = line_from(ink.ink, ink.level)
    if line is None:
        return without_digits(place, box, content, Outcome.EMPTY)
    return line_cut(line, place, box, content, corner)


def boxes_cut(plane: Plane, mesh: GridMesh, place: str, box: PageBox, content: PlaceContent) -> Cut:
    """Cut out a value that has a printed box for each digit.

    Args:
        plane: The field alone.
        mesh: Its boxes, from `mnist.layouts.boxes.boxes_of`.
        place: Its name.
        box: Where it is on the page.
        content: What may be written there.
    """
    sheet = straight_sheet(plane, mesh.points)
    inks = writing(sheet)
    written = [ink for ink in inks if ink is not None]
    if not written:
        return without_digits(place, box, content, Outcome.EMPTY)
    row = _row_height(inks, sheet)
    x, y = box[:2]
    segments: list[Segment] = []
    images: list[Image] = []
    warnings: set[ImageWarning] = set()
    for ink, ink_box in zip(inks, _ink_boxes(sheet, inks, plane.shape), strict=True):
        if ink is not None:
            left, top, right, bottom = ink_box
            on_page = (x + left, y + top, x + right, y + bottom)
            at = len(segments)
            segments.append(Segment(at, at + 1, on_page, segment_shape(ink.box, row)))
            images.append(render(ink.ink, ink.level))
            warnings.update(warnings_of(ink))
    ordered = tuple(warning for warning in ImageWarning if warning in warnings)
    stacked = np.stack(images)
    last = len(segments)
    return Cut(place, box, content, None, stacked, tuple(segments), last, warnings=ordered)


def warnings_of(ink: CellInk) -> tuple[ImageWarning, ...]:
    """Name what is odd about the writing in a cell for one digit."""
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: ink.rivals > 0,
        ImageWarning.LOW_CONTRAST: ink.level < PARAMETERS.low_contrast,
    }
    return tuple(warning for warning, doubtful in doubts.items() if doubtful)


def _row_height(inks: Sequence[CellInk | None], sheet: CellSheet) -> float:
    heights = [ink.box[3] - ink.box[1] for ink in inks if ink is not None]
    return float(np.median(heights)) if heights else float(sheet.height)


def _cell_boxes(sheet: CellSheet) -> NDArray[np.float64]:
    rows, columns = (size - 1 for size in sheet.mesh.shape[:2])
    row, column = np.divmod(np.arange(rows * columns), columns)
    left, top = sheet.margin + column * sheet.width, sheet.margin + row * sheet.height
    return np.stack([left, top, left + sheet.width, top + sheet.height], axis=1).astype(np.float64)


def _ink_boxes(
    sheet: CellSheet, inks: Sequence[CellInk | None], shape: tuple[int, ...]
) -> list[PageBox]:
    boxes = np.array([(0, 0, 1, 1) if ink is None else ink.box for ink in inks], np.float64)
    return [_page_box(box) for box in sheet.on_page(boxes, shape)]


def _page_box(box: NDArray[np.intp]) -> PageBox:
    left, top, right, bottom = box.tolist()
    return left, top, right, bottom
