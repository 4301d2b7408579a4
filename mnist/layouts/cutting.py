"""Cut a page into its places."""

from dataclasses import replace

import cv2
import numpy as np

from mnist.digits import ImageWarning, Outcome, Reason
from mnist.errors import InvalidLayout
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane, Rejection
from mnist.layouts.cells import CellInk, writing
from mnist.layouts.grids import find_grid
from mnist.layouts.layout import FormField, Layout
from mnist.layouts.rendering import render
from mnist.layouts.results import Cut, PageBox, Segment, without_digits
from mnist.layouts.sheets import CellSheet, straight_sheet
from mnist.layouts.straightening import Homography
from mnist.layouts.templates import homography_to
from mnist.layouts.values import value_cut


def cut(plane: Plane, layout: Layout, template: Plane | None = None) -> list[Cut]:
    """Cut a page into its places.

    Args:
        plane: The page, upright, shape (h, w), ink of either polarity. A sheet of many cells needs
            about 40 pixels for each.
        layout: Says which places there are.
        template: The empty form that the layout names, upright; None if it names none.

    Returns:
        One for each of `layout.places()`, in the same order.

    Raises:
        InvalidLayout: If the layout names a template and none is given.
    """
    if layout.grid is not None:
        return _grid_cuts(plane, layout)
    height, width = plane.shape
    if layout.fields is None:
        return [value_cut(plane, "", (0, 0, width, height), layout.content_of(""))]
    if layout.template is None:
        return _field_cuts(plane, layout.fields)
    if template is None:
        raise InvalidLayout(
            f"The layout names the template {layout.template!r}, which was not handed over; put "
            "that picture beside the layout."
        )
    homography = homography_to(template, plane)
    if isinstance(homography, str):
        return _not_aligned(plane, layout, f"The page does not fit the template: {homography}.")
    return _aligned_cuts(plane, layout.fields, template.shape, homography)


def _field_cuts(plane: Plane, fields: dict[str, FormField]) -> list[Cut]:
    return [
        value_cut(plane, name, _in_pixels(field.box, plane.shape), field)
        for name, field in fields.items()
    ]


def _aligned_cuts(
    plane: Plane, fields: dict[str, FormField], shape: tuple[int, ...], homography: Homography
) -> list[Cut]:
    """Cut the fields out of the page turned and bent as its template is."""
    # As many pixels as the page has: the template may be a small picture.
    scale = max(1.0, max(plane.shape) / max(shape))
    homography = np.diag([scale, scale, 1]) @ homography
    size = (round(shape[1] * scale), round(shape[0] * scale))
    flat = cv2.warpPerspective(plane, homography, size, borderMode=cv2.BORDER_REPLICATE)
    back = np.asarray(np.linalg.inv(homography), np.float64)
    return [
        replace(
            cut,
            box=_mapped(cut.box, back, plane.shape),
            segments=tuple(
                segment._replace(box=_mapped(segment.box, back, plane.shape))
                for segment in cut.segments
            ),
        )
        for cut in _field_cuts(np.asarray(flat, np.uint8), fields)
    ]


def _mapped(box: PageBox, homography: Homography, shape: tuple[int, ...]) -> PageBox:
    left, top, right, bottom = box
    corners = np.array([[[left, top]], [[right, top]], [[right, bottom]], [[left, bottom]]])
    places = cv2.perspectiveTransform(corners.astype(np.float32), homography).reshape(-1, 2)
    low = np.clip(np.floor(places.min(axis=0)), 0, (shape[1] - 1, shape[0] - 1))
    high = np.clip(np.ceil(places.max(axis=0)), low + 1, (shape[1], shape[0]))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _in_pixels(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> PageBox:
    height, width = shape
    left, top, right, bottom = box
    return (
        round(left * width),
        round(top * height),
        max(round(right * width), round(left * width) + 1),
        max(round(bottom * height), round(top * height) + 1),
    )


def _grid_cuts(plane: Plane, layout: Layout) -> list[Cut]:
    rows, columns = layout.grid or (1, 1)
    mesh = find_grid(plane, rows, columns)
    problem = mesh if isinstance(mesh, str) else mesh.problem
    if problem or isinstance(mesh, str):
        return _not_aligned(plane, layout, f"The layout does not fit the page: {problem}.")
    sheet = straight_sheet(plane, mesh.points)
    height, width = plane.shape
    cuts = []
    for number, (place, ink) in enumerate(zip(layout.places(), writing(sheet), strict=True)):
        row, column = divmod(number, columns)
        left, top, right, bottom = sheet.on_page(_cell_box(sheet, row, column))
        box = (max(left, 0), max(top, 0), min(right, width), min(bottom, height))
        content = layout.content_of(place)
        if ink is None:
            cuts.append(without_digits(place, box, content, Outcome.EMPTY))
            continue
        image = render(ink.ink, ink.level)
        segment = Segment(0, 1, sheet.on_page(ink.box))
        warnings = _warnings(ink)
        cuts.append(Cut(place, box, content, None, image[None], (segment,), 1, (), warnings))
    return cuts


def _cell_box(sheet: CellSheet, row: int, column: int) -> tuple[float, float, float, float]:
    left, top = sheet.margin + column * sheet.width, sheet.margin + row * sheet.height
    return left, top, left + sheet.width, top + sheet.height


def _warnings(ink: CellInk) -> tuple[ImageWarning, ...]:
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: ink.rivals > 0,
        ImageWarning.LOW_CONTRAST: ink.level < PARAMETERS.low_contrast,
    }
    return tuple(warning for warning, doubtful in doubts.items() if doubtful)


def _not_aligned(plane: Plane, layout: Layout, sentence: str) -> list[Cut]:
    """Predict nothing in any place."""
    box = (0, 0, plane.shape[1], plane.shape[0])
    why = Rejection(Reason.NOT_ALIGNED, sentence)
    return [without_digits(place, box, layout.content_of(place), why) for place in layout.places()]
