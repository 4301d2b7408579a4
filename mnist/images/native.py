"""Images that are in MNIST's format already and must pass untouched.

Processing such an image again costs accuracy, and nearly all images of a batch may be like this,
so everything here is chosen for speed.
"""

import cv2
import numpy as np

from mnist.digits import SIDE, Image, ImageWarning
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane

_GRID = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
_FRAME = np.concatenate((_GRID[0], _GRID[-1], _GRID[1:-1, 0], _GRID[1:-1, -1]))


def as_native(plane: Plane) -> Image | None:
    """Return the 28x28 image if it is light ink on a dark ground, or exactly the inverse of one.

    Dark on light is inverted without loss, but only if size and centre are those of MNIST:
    people draw at 28x28 too, off centre and with the thinnest pen, and that needs processing.
    """
    if plane.shape != (SIDE, SIDE):
        return None
    if _is_light_on_dark(plane):
        return plane
    inverted = np.bitwise_not(plane)  # exactly 255 - value, so nothing is lost
    if _is_light_on_dark(inverted) and _is_placed(inverted):
        return inverted
    return None


def native_warnings(image: Image) -> tuple[ImageWarning, ...]:
    """Name what is odd about a native image; quick for the usual single outline."""
    warnings = []
    if cv2.minMaxLoc(image)[1] < PARAMETERS.native_contrast:
        warnings.append(ImageWarning.LOW_CONTRAST)
    if np.count_nonzero(image.take(_FRAME) > PARAMETERS.native_ground) > PARAMETERS.native_frame:
        warnings.append(ImageWarning.CUT_OFF)
    _, mask = cv2.threshold(image, PARAMETERS.native_ground, 1, cv2.THRESH_BINARY)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) > 1:
        # The tallest two: dust beside a digit is neither.
        boxes = sorted((cv2.boundingRect(outline) for outline in outlines), key=lambda b: -b[3])
        (x, _, width, height), second = boxes[0], boxes[1]
        # Beside each other and nearly as tall: two digits. A bar over a 5 is neither.
        apart = second[0] >= x + width or x >= second[0] + second[2]
        if apart and second[3] >= PARAMETERS.rival_height * height:
            warnings.append(ImageWarning.SEVERAL_COMPONENTS)
        if len(outlines) > PARAMETERS.native_pieces:
            warnings.append(ImageWarning.NOISY)
    return tuple(warnings)


def _is_light_on_dark(plane: Plane) -> bool:
    if cv2.minMaxLoc(plane)[1] < PARAMETERS.native_ink:
        return False
    # Most of the frame, not all of it: a tail may run out of the picture.
    dark = np.count_nonzero(plane.take(_FRAME) <= PARAMETERS.native_ground)
    return bool(2 * dark > _FRAME.size)


def _is_placed(image: Image) -> bool:
    """Whether the longer side is 18-20 pixels, and the centre of mass in the middle."""
    _, mask = cv2.threshold(image, PARAMETERS.native_ground, 1, cv2.THRESH_BINARY)
    _, _, width, height = cv2.boundingRect(mask)
    moments = cv2.moments(image)
    off_x = moments["m10"] / moments["m00"] - SIDE / 2
    off_y = moments["m01"] / moments["m00"] - SIDE / 2
    return bool(
        PARAMETERS.box_side - 2 <= max(width, height) <= PARAMETERS.box_side
        and max(abs(off_x), abs(off_y)) <= PARAMETERS.native_off_centre
    )
