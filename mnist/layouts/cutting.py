"""Cut a page into its places."""

from mnist.digits import Reason
from mnist.errors import InvalidLayout
from mnist.images.results import Plane, Rejection
from mnist.layouts.cells import sheet_cuts
from mnist.layouts.forms import aligned_cuts, field_cuts
from mnist.layouts.layout import Layout
from mnist.layouts.results import Cut, without_digits
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
    cuts = _cuts(plane, layout, template)
    if isinstance(cuts, list):
        return cuts
    box = (0, 0, plane.shape[1], plane.shape[0])
    why = Rejection(Reason.NOT_ALIGNED, f"The layout does not fit the page: {cuts}.")
    return [without_digits(place, box, layout.content_of(place), why) for place in layout.places()]


def _cuts(plane: Plane, layout: Layout, template: Plane | None) -> list[Cut] | str:
    """Cut, or say in words why the layout does not fit."""
    if layout.grid is not None:
        return sheet_cuts(plane, layout.grid, layout.places(), layout.content_of(""))
    if layout.fields is None:
        box = (0, 0, plane.shape[1], plane.shape[0])
        return [value_cut(plane, "", box, layout.content_of(""))]
    if layout.template is None:
        return field_cuts(plane, layout.fields)
    if template is None:
        raise InvalidLayout(
            f"The layout names the template {layout.template!r}, which was not handed over; put "
            "that picture beside the layout."
        )
    homography = homography_to(template, plane)
    if isinstance(homography, str):
        return homography
    return aligned_cuts(plane, layout.fields, template.shape, homography)
