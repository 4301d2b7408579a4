"""Cut a form into its named fields, as it lies or as its template lies."""

from dataclasses import replace

import cv2
import numpy as np

from mnist.digits import Reason
from mnist.images.results import Plane, Rejection
from mnist.layouts.layout import FormField
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.results import Cut, PageBox, without_digits
from mnist.layouts.straightening import Homography
from mnist.layouts.values import value_cut


def field_cuts(plane: Plane, fields: dict[str, FormField]) -> list[Cut]:
    """Cut fields out of a page that lies as the layout says."""
    return [
        value_cut(plane, name, in_pixels(field.box, plane.shape), field)
        for name, field in fields.items()
    ]


def aligned_cuts(
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
        _on_page(cut, back, plane.shape) for cut in field_cuts(np.asarray(flat, np.uint8), fields)
    ]


def _on_page(cut: Cut, back: Homography, shape: tuple[int, ...]) -> Cut:
    """Map a field to the page as it came; one that lies over its edge holds nobody knows what."""
    box = _mapped(cut.box, back, shape)
    missing = _share_outside(cut.box, back, shape)
    if missing > P.outside_most:
        detail = f"{missing:.0%} of the field lies over the edge of the page."
        return without_digits(cut.place, box, cut.content, Rejection(Reason.NOT_ALIGNED, detail))
    segments = tuple(s._replace(box=_mapped(s.box, back, shape)) for s in cut.segments)
    return replace(cut, box=box, segments=segments)


def _share_outside(box: PageBox, homography: Homography, shape: tuple[int, ...]) -> float:
    """Measure how much of a box of the template is on no page, 0-1, by a lattice of points."""
    left, top, right, bottom = box
    x, y = np.meshgrid(np.linspace(left, right, 41), np.linspace(top, bottom, 11))
    points = np.stack([x, y], axis=-1).reshape(-1, 1, 2).astype(np.float32)
    at = cv2.perspectiveTransform(points, homography).reshape(-1, 2)
    inside = ((at >= -1) & (at <= np.array([shape[1], shape[0]]))).all(axis=1)
    return float(1 - inside.mean())


def _mapped(box: PageBox, homography: Homography, shape: tuple[int, ...]) -> PageBox:
    left, top, right, bottom = box
    corners = np.array([[[left, top]], [[right, top]], [[right, bottom]], [[left, bottom]]])
    places = cv2.perspectiveTransform(corners.astype(np.float32), homography).reshape(-1, 2)
    low = np.clip(np.floor(places.min(axis=0)), 0, (shape[1] - 1, shape[0] - 1))
    high = np.clip(np.ceil(places.max(axis=0)), low + 1, (shape[1], shape[0]))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def in_pixels(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> PageBox:
    """Turn fractions of a page of this shape into pixels; at least one each way."""
    height, width = shape
    left, top, right, bottom = box
    return (
        round(left * width),
        round(top * height),
        max(round(right * width), round(left * width) + 1),
        max(round(bottom * height), round(top * height) + 1),
    )
