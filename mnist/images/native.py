"""Images that are in MNIST's format already and must pass untouched.

Processing such an image again costs accuracy, and nearly all images of a batch may be like this,
so everything here is chosen for speed.
"""

import cv2
import numpy as np

from mnist.digits import SIDE, Image, ImageWarning
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane

_TWO_BY_TWO = np.ones((2, 2), np.uint8)


def as_native(plane: Plane) -> Image | None:
    """Return the 28x28 image if it, or its exact inverse, is as MNIST's own images are.

    People draw at 28x28 too: off centre, too small, on grey, with a pen of one pixel. That needs
    processing, whether the ink is light or dark.
    """
    if plane.shape != (SIDE, SIDE):
        return None
    if _is_native(plane):
        return plane
    inverted = np.bitwise_not(plane)  # exactly 255 - value, so nothing is lost
    return inverted if _is_native(inverted) else None


def native_warnings(image: Image) -> tuple[ImageWarning, ...]:
    """Name what is odd about a native image; quick for the usual single outline."""
    warnings = []
    _, mask = cv2.threshold(image, PARAMETERS.native_ink, 1, cv2.THRESH_BINARY)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) > 1:
        tallest, second = sorted((cv2.boundingRect(o)[3] for o in outlines), reverse=True)[:2]
        # Nearly as tall: two digits. Dust, and the bar over a 5, are not.
        if second >= PARAMETERS.rival_height * tallest:
            warnings.append(ImageWarning.SEVERAL_COMPONENTS)
        if len(outlines) > PARAMETERS.native_pieces:
            warnings.append(ImageWarning.NOISY)
    return tuple(warnings)


def _is_native(image: Image) -> bool:
    """Whether ground, size, middle and pen are what all of MNIST's 70,000 images have.

    There the longer side is 20 pixels (16 times 19), the centre of mass within .52 pixels of the
    middle, the brightest ink at least 254, and nothing is written with a pen of one pixel.
    """
    if cv2.minMaxLoc(image)[1] < PARAMETERS.native_brightest:
        return False
    _, mask = cv2.threshold(image, PARAMETERS.native_ground, 1, cv2.THRESH_BINARY)
    _, _, width, height = cv2.boundingRect(mask)
    if not PARAMETERS.box_side - 1 <= max(width, height) <= PARAMETERS.box_side:
        return False
    moments = cv2.moments(image)
    off_x = moments["m10"] / moments["m00"] - SIDE / 2
    off_y = moments["m01"] / moments["m00"] - SIDE / 2
    return bool(
        max(abs(off_x), abs(off_y)) <= PARAMETERS.native_off_centre
        and cv2.minMaxLoc(cv2.erode(image, _TWO_BY_TWO))[1] >= PARAMETERS.native_pen
    )
