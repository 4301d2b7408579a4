"""Which side of the threshold is ink."""

import cv2
import numpy as np

from mnist.images.grey import Plane


def frame_of(plane: Plane) -> Plane:
    """Take the outermost pixels, as a flat array: mostly ground in a picture of a digit."""
    return np.concatenate((plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]))


def is_light_on_dark(plane: Plane) -> bool:
    """Let the frame vote against Otsu's threshold: ground is what most of the frame shows.

    A fixed threshold of 127 fails on bright grounds; Otsu (1979) adapts to the picture.
    """
    threshold, _ = cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    frame = frame_of(plane)
    return bool(2 * np.count_nonzero(frame > threshold) <= frame.size)
