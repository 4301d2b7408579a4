"""Where the places of a layout would lie on a page that it does not fit, to be drawn for people."""

from mnist.images.results import Plane
from mnist.layouts.forms import in_pixels
from mnist.layouts.grids import find_grid
from mnist.layouts.layout import Layout
from mnist.layouts.results import PageBox


def expected_boxes(plane: Plane, layout: Layout) -> list[PageBox]:
    """Say where places would lie: fields as on the form, cells by the likeliest lines.

    Args:
        plane: The upright page, shape (h, w).
        layout: That does not fit it.

    Returns:
        In the order of its places; empty if it has no room on the page, or is the page itself.
    """
    if layout.fields is not None:
        return [in_pixels(field.box, plane.shape) for field in layout.fields.values()]
    if layout.grid is None:
        return []
    mesh = find_grid(plane, *layout.grid)
    if isinstance(mesh, str):
        return []
    height, width = plane.shape
    boxes = []
    for row in range(layout.grid[0]):
        for column in range(layout.grid[1]):
            corners = mesh.points[row : row + 2, column : column + 2].reshape(-1, 2)
            low = corners.min(axis=0).round().astype(int)
            high = corners.max(axis=0).round().astype(int)
            boxes.append(
                (
                    max(int(low[0]), 0),
                    max(int(low[1]), 0),
                    min(int(high[0]), width),
                    min(int(high[1]), height),
                )
            )
    return boxes
