"""Cut a value of several digits out of a picture or a field."""

from dataclasses import replace

from mnist.digits import ImageWarning, Outcome
from mnist.images.results import Plane
from mnist.layouts.boxes import boxes_of
from mnist.layouts.cells import boxes_cut
from mnist.layouts.layout import PlaceContent
from mnist.layouts.line_cuts import line_cut
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.results import Cut, PageBox, without_digits
from mnist.layouts.writing import line_of


def value_cut(
    plane: Plane, place: str, box: PageBox, content: PlaceContent, *, may_be_boxed: bool = True
) -> Cut:
    """Cut out a value.

    Args:
        plane: The upright page.
        place: Its name.
        box: Where it is on the page.
        content: What may be written there.
        may_be_boxed: Whether a box may be printed for each digit; looking for them takes as long as
            all else.
    """
    left, top, right, bottom = box
    part = plane[top:bottom, left:right]
    mesh = boxes_of(part, content.count) if may_be_boxed and content.count != 1 else None
    if mesh is not None and (content.count is not None or mesh.support >= P.boxes_sure):
        return boxes_cut(part, mesh, place, box, content)
    line = line_of(part)
    if line is None:
        return without_digits(place, box, content, Outcome.EMPTY)
    as_line = line_cut(line, place, box, content, (left, top))
    if mesh is None:
        return as_line
    # Lines of boxes would be predicted as digits.
    kinds = {*as_line.warnings, ImageWarning.SEVERAL_COMPONENTS}
    return replace(as_line, warnings=tuple(kind for kind in ImageWarning if kind in kinds))
