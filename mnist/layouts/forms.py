"""Cut a form into its named fields, as it lies or as its template lies."""

from dataclasses import replace

import cv2
import numpy as np

from mnist.images.results import Plane
from mnist.layouts.layout import FormField
from mnist.layouts.results import Cut, PageBox
from mnist.layouts.straightening import Homography
from mnist.layouts.values import value_cut


def field_cuts(plane: Plane, fields: dict[str, FormField]) -> list[Cut]:
    """Cut fields out of a page that lies as the layout says."""
    return [
        value_cut(plane, name, _in_pixels(field.box, plane.shape), field)
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
        replace(
            cut,
            box=_mapped(cut.box, back, plane.shape),
            segments=tuple(
                segment._replace(box=_mapped(segment.box, back, plane.shape))
                for segment in cut.segments
            ),
        )
        for cut in field_cuts(np.asarray(flat, np.uint8), fields)
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
