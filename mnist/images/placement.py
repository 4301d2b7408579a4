"""Scale and centre a digit the way MNIST was made."""

import cv2
import numpy as np

from mnist.digits import SIDE, Image
from mnist.images.arrays import Plane
from mnist.images.parameters import PARAMETERS


def place(ink: Plane) -> Image:
    """Fit a cropped digit into 20x20, keep its aspect, and put its centre of mass in the middle.

    The method is that of LeCun et al. 1998, "Gradient-based learning applied to document
    recognition", section III.

    Args:
        ink: A digit without margin, shape (h, w), bright ink on zero.

    Returns:
        Shape (28, 28), uint8.
    """
    height, width = ink.shape
    scale = PARAMETERS.box_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(ink, size, interpolation=method)
    moments = cv2.moments(small)
    mass = max(moments["m00"], 1.0)  # ink too sparse to survive the scaling has none
    centre_x, centre_y = moments["m10"] / mass, moments["m01"] / mass
    middle = SIDE / 2  # MNIST's own centres lie within half a pixel of index 14
    left = _clamped(round(middle - centre_x), SIDE - size[0])
    top = _clamped(round(middle - centre_y), SIDE - size[1])
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + size[1], left : left + size[0]] = small
    return image


def _clamped(offset: int, most: int) -> int:
    return min(max(offset, 0), most)
