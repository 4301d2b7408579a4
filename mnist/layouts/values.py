"""Cut a value of several digits: every way that may be right is a path of segments."""

import cv2
import numpy as np

from mnist.digits import ImageWarning, Outcome
from mnist.images.ground import ink_over_ground
from mnist.images.polarity import levels_of
from mnist.images.results import Plane
from mnist.images.segmentation import segment
from mnist.layouts.layout import PlaceContent
from mnist.layouts.rendering import render
from mnist.layouts.results import Cut, PageBox, Segment, without_digits


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
    levels = levels_of(part)
    ink = ink_over_ground(part, levels)
    segmented = segment(ink, even=levels.even)
    if segmented is None:
        return without_digits(place, box, content, Outcome.EMPTY)
    _, numbered, table, _ = cv2.connectedComponentsWithStats(segmented.mask, connectivity=8)
    numbers = np.asarray(numbered, np.int32)
    tallest = int(table[1:, cv2.CC_STAT_HEIGHT].max())
    pieces = [
        (int(x), int(y), int(width), int(height), number)
        for number, (x, y, width, height, _) in enumerate(table[1:], 1)
        if height >= 0.4 * tallest
    ]
    candidates, segments = [], []
    for order, (x, y, width, height, number) in enumerate(sorted(pieces)):
        inside = np.s_[y : y + height, x : x + width]
        crop = ink[inside] * (numbers[inside] == number)
        candidates.append(render(crop.astype(np.float32), segmented.level))
        on_page = (left + x, top + y, left + x + width, top + y + height)
        segments.append(Segment(order, order + 1, on_page))
    wrong_count = content.count is not None and content.count != len(segments)
    warnings = (ImageWarning.SEVERAL_COMPONENTS,) if wrong_count else ()
    stacked = np.stack(candidates)
    return Cut(place, box, content, None, stacked, tuple(segments), len(segments), (), warnings)
