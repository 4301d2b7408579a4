"""Grey closing with a disc: what `cv2.morphologyEx` makes of it, in less than half of its time."""

import cv2
import numpy as np

from mnist.images.results import Ink


def closed_by_disc(picture: Ink, side: int) -> Ink:
    """Fill what is darker and narrower than a disc.

    Args:
        picture: Grey levels, shape (h, w).
        side: Diameter of the disc in pixels, odd: a kernel of `cv2.MORPH_ELLIPSE`.
    """
    # Narrowing is widening of the negative, and a disc is the same from all sides.
    return -_widened(-_widened(picture, side), side)


def _widened(picture: Ink, side: int) -> Ink:
    """Take the lightest pixel within a disc around each.

    OpenCV looks at every pixel of a kernel that is no rectangle. Rows of a disc get longer towards
    its middle, so the lightest pixels along one follow from those along the row before.
    """
    middle = side // 2
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    lightest, along, height, reached = picture.copy(), picture, len(picture), 0
    for row, length in enumerate(disc[: middle + 1].sum(axis=1).tolist()):
        reach = length // 2
        if reach > reached:
            kernel = np.ones((1, 2 * (reach - reached) + 1), np.uint8)
            along, reached = np.asarray(cv2.dilate(along, kernel), np.float32), reach
        off = min(middle - row, height)  # the row of the disc lies so far above and below
        above, below = lightest[: height - off], lightest[off:]
        np.maximum(above, along[off:], out=above)
        np.maximum(below, along[: height - off], out=below)
    return lightest
