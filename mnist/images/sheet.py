"""Find the sheet, card or form box that a digit is on, and forget what lies around it.

Photos show the desk, scans have dark edges, forms have printed boxes: each would be taken for ink,
or make the paper look like ink.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.median import median
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane


class Sheet(NamedTuple):
    """What a picture shows of a sheet.

    Attributes:
        plane: The sheet alone, or the whole picture if there is none, at a size that can be
            cleaned quickly.
        detail: The same part of the picture with all its pixels.
        scale: Its pixels for each pixel of the detail, at most 1.
        others: Further sheets beside it, nearly as large: panels, cards, boxes of a form.
    """

    plane: Plane
    detail: Plane
    scale: float
    others: int


def on_its_sheet(plane: Plane) -> Sheet:
    """Crop to the sheet and continue its grey over what is left of the surroundings.

    A sheet is a solid, rectangular region of one of Otsu's classes that encloses something as
    large as a digit. Without one, or if it fills the picture, the picture stays as it is.
    """
    work, reduced = shrunk(plane, PARAMETERS.cleaning_side)
    if min(plane.shape) < PARAMETERS.sheet_least_side:
        return Sheet(work, plane, reduced, 0)
    small, scale = shrunk(work, PARAMETERS.sheet_side)
    # Single pixels of noise would tear the outline of a sheet or make holes in it.
    outlines = _outlines(np.asarray(cv2.medianBlur(small, 3), np.uint8))
    if not outlines:
        return Sheet(work, plane, reduced, 0)
    largest, *others = outlines
    least = PARAMETERS.panel_share * cv2.contourArea(largest)
    beside = [
        other
        for other in others
        if cv2.contourArea(other) >= least
        and cv2.intersectConvexConvex(largest, other)[0] < PARAMETERS.panel_overlap * least
    ]
    return _cropped(plane, largest, scale * reduced)._replace(others=len(beside))


def _outlines(small: Plane) -> list[NDArray[np.float32]]:
    """Convex outlines of all sheets, the largest first, each of shape (n, 2), x and y."""
    _, light = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    sheets: list[NDArray[np.float32]] = []
    # White paper on a dark desk, and dark paper or a blackboard on a light one.
    for regions in (light, 1 - light):
        # Two levels: a parent (index 3) below 0 is an outline, any other a hole in one.
        outlines, tree = cv2.findContours(regions, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        parents = tree[0, :, 3].tolist() if outlines else []
        for index, (outline, parent) in enumerate(zip(outlines, parents, strict=True)):
            if parent >= 0:
                continue
            hull = cv2.convexHull(outline)
            area = cv2.contourArea(hull)
            if area < PARAMETERS.sheet_least_share * small.size:
                continue
            holes = [o for o, above in zip(outlines, parents, strict=True) if above == index]
            if not _is_rectangle_around(hull, area, holes):
                continue
            sheet: Plane = np.zeros(small.shape, np.uint8)
            cv2.fillConvexPoly(sheet, hull, 1)
            if _is_solid(regions, sheet) and _is_bordered(small, regions, hull, area, sheet):
                sheets.append(hull.reshape(-1, 2).astype(np.float32))
    return sorted(sheets, key=cv2.contourArea, reverse=True)


def _is_rectangle_around(
    hull: cv2.typing.MatLike, area: float, holes: list[cv2.typing.MatLike]
) -> bool:
    """Whether the region is rectangular, and encloses something as large as a digit."""
    _, (width, height), _ = cv2.minAreaRect(hull)  # turned as the sheet is turned
    rectangular = area >= PARAMETERS.sheet_rectangularity * width * height
    largest = max((max(cv2.boundingRect(hole)[2:]) for hole in holes), default=0)
    return rectangular and largest >= PARAMETERS.sheet_content * np.sqrt(area)


def _is_solid(regions: cv2.typing.MatLike, sheet: Plane) -> bool:
    """Whether little of the sheet is ink; the ground inside of a 0 is sheet as well."""
    solid = cv2.countNonZero(cv2.bitwise_and(regions, sheet))
    return solid / cv2.countNonZero(sheet) >= PARAMETERS.sheet_solidity


def _is_bordered(
    small: Plane,
    regions: cv2.typing.MatLike,
    hull: cv2.typing.MatLike,
    area: float,
    sheet: Plane,
) -> bool:
    """Whether the sheet ends sharply at another grey, or at a printed box around it.

    A gradient ends nowhere sharply, and ruled lines end at the frame of the picture.
    """
    beyond = small.size - cv2.countNonZero(sheet)
    if not beyond:
        return False
    same = cv2.countNonZero(cv2.subtract(regions, sheet))  # pixels of the same grey outside
    if same / beyond <= 1 - PARAMETERS.sheet_contrast:
        levels = [float(small[regions == region].mean()) for region in (0, 1)]
        return _step(small, sheet) >= PARAMETERS.sheet_step * abs(levels[1] - levels[0])
    # No other grey outside: the sheet goes on, and only a printed box encloses this part of it.
    left, top, width, height = cv2.boundingRect(hull)
    inside = left > 0 and top > 0
    inside = inside and left + width < small.shape[1] and top + height < small.shape[0]
    return inside and area >= PARAMETERS.box_least_share * small.size


def _step(small: Plane, sheet: Plane) -> float:
    """Difference of grey across the edge of the sheet, in grey levels."""
    # Rings of three pixels on either side; the pixel at the edge itself is a mixture of both.
    near, far = np.ones((3, 3), np.uint8), np.ones((9, 9), np.uint8)
    beyond = (cv2.dilate(sheet, far) > 0) & (cv2.dilate(sheet, near) == 0)
    within = (cv2.erode(sheet, near) > 0) & (cv2.erode(sheet, far) == 0)
    if not beyond.any() or not within.any():
        return 0.0
    return abs(median(small[within]) - median(small[beyond]))


def _cropped(plane: Plane, outline: NDArray[np.float32], scale: float) -> Sheet:
    corners = (outline + 0.5) / scale  # from the middle of a pixel
    left, top = (max(0, int(least)) for least in np.floor(corners.min(axis=0)))
    right, bottom = (int(most) + 1 for most in np.ceil(corners.max(axis=0)))
    detail = plane[top:bottom, left:right]
    crop, reduced = shrunk(detail, PARAMETERS.cleaning_side)
    sheet: NDArray[np.uint8] = np.zeros(crop.shape, np.uint8)
    inside = np.rint((corners - (left, top)) * reduced).astype(np.int32)
    cv2.fillConvexPoly(sheet, inside, 1)
    trim = 2 * round(PARAMETERS.sheet_trim / scale * reduced) + 1
    # Padded, so that a sheet that touches the frame is trimmed there as well.
    eroded = cv2.erode(np.pad(sheet, 1), np.ones((trim, trim), np.uint8), borderValue=0)
    sheet = eroded[1:-1, 1:-1].astype(np.uint8)
    x, y, width, height = cv2.boundingRect(sheet)
    part = np.s_[y : y + height, x : x + width]
    detail = detail[
        round(y / reduced) : round((y + height) / reduced),
        round(x / reduced) : round((x + width) / reduced),
    ]
    sheet, crop = sheet[part], crop[part]
    filled = np.where(sheet > 0, crop, _continued(crop, sheet)).astype(np.uint8)
    return Sheet(filled, detail, reduced, 0)


def _continued(crop: Plane, sheet: Plane) -> Ink:
    """Grey of the sheet nearby, also where there is none."""
    sigma = max(crop.shape) / 20  # wide, so that strokes hardly darken it
    weight = cv2.GaussianBlur(sheet.astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur((crop * sheet).astype(np.float32), (0, 0), sigma)
    middle = median(crop[sheet > 0])
    # Where no sheet is near both sums are about 0, and the median takes over.
    return np.asarray((total + 1e-3 * middle) / (weight + 1e-3), np.float32)
