"""What makes a picture doubtful as one whole digit. Each warning asks for a person's look."""

import cv2
import numpy as np

from mnist.digits import ImageWarning
from mnist.images.components import Selection
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Plane
from mnist.images.segmentation import Segmentation
from mnist.images.strokes import Drawing


def warnings_of(
    segmented: Segmentation, chosen: Selection, drawing: Drawing
) -> tuple[ImageWarning, ...]:
    """Name every warning, in the order of `ImageWarning`."""
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: chosen.rivals > 0,
        ImageWarning.CUT_OFF: _is_cut_off(chosen),
        ImageWarning.LOW_CONTRAST: segmented.level < PARAMETERS.low_contrast,
        ImageWarning.FAINT_INK: segmented.level < PARAMETERS.faint_sigmas * segmented.noise,
        ImageWarning.NOISY: chosen.specks > PARAMETERS.noisy_specks,
        ImageWarning.UNLIKE_A_DIGIT: _is_unlike_a_digit(chosen, drawing),
    }
    return tuple(warning for warning, is_doubtful in doubts.items() if is_doubtful)


def _is_cut_off(chosen: Selection) -> bool:
    """Whether ink runs into one side of the frame while the opposite side has room.

    A tightly cropped digit touches opposite sides, and is whole.
    """
    height, width = chosen.mask.shape
    left, top, box_width, box_height = chosen.box
    right, bottom = width - left - box_width, height - top - box_height
    room_x, room_y = (PARAMETERS.cut_off_room * side for side in (box_width, box_height))
    cut_sideways = min(left, right) == 0 and max(left, right) > room_x
    cut_lengthways = min(top, bottom) == 0 and max(top, bottom) > room_y
    return bool(cut_sideways or cut_lengthways)


def _is_unlike_a_digit(chosen: Selection, drawing: Drawing) -> bool:
    _, _, width, height = chosen.box
    return (
        width > PARAMETERS.widest_aspect * height
        or drawing.former_width > PARAMETERS.widest_stroke
        or _holes(drawing.picture, drawing.per_pixel) > PARAMETERS.most_holes
    )


def _holes(picture: Plane, per_pixel: float) -> int:
    """Count enclosed grounds larger than a pixel of MNIST."""
    _, ground = cv2.threshold(picture, 127, 1, cv2.THRESH_BINARY_INV)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ground, connectivity=4)
    enclosed = stats[1:, cv2.CC_STAT_AREA] > per_pixel**2
    return int(np.count_nonzero(enclosed)) - 1  # the ground around the digit is no hole
