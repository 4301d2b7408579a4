"""Cut a value of several digits out of a picture or a field."""

from mnist.digits import Outcome
from mnist.images.results import Plane
from mnist.layouts.cells import boxes_cut
from mnist.layouts.layout import PlaceContent
from mnist.layouts.line_cuts import line_cut
from mnist.layouts.results import Cut, PageBox, without_digits
from mnist.layouts.writing import line_of


def value_cut(plane: Plane, place: str, box: PageBox, content: PlaceContent) -> Cut:
    """Cut out a value.

    Args:
        plane: The upright page.
        place: Its name.
        box: Where it is on the page.
        content: What may be written there.
    """
    left, top, right, bottom = box
    part = plane[top:bottom, left:right]
    if content.count is not None and content.count > 1:
        boxed = boxes_cut(part, place, box, content)
        if boxed is not None:
            return boxed
    line = line_of(part)
    if line is None:
        return without_digits(place, box, content, Outcome.EMPTY)
    return line_cut(line, place, box, content, (left, top))
