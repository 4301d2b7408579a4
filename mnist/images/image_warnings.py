"""What makes a picture doubtful as one whole digit. Each warning asks for a person's look."""

import cv2
import numpy as np

from mnist.digits import ImageWarning
from mnist.images.components import Selection, tall_pieces
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Ink, Plane
from mnist.images.ruling import without_ruling
from mnist.images.segmentation import Segmentation
from mnist.images.strokes import Drawing


def warnings_of(
    ink: Ink, segmented: Segmentation, chosen: Selection, drawing: Drawing, *, sheets_beside: int
) -> tuple[ImageWarning, ...]:
    """Name every warning, in the order of `ImageWarning`."""
    pen = drawing.former_width * max(chosen.box[2:]) / PARAMETERS.box_side
    goes_on, faint_rivals = _faint_remains(ink, segmented, chosen, pen)
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: chosen.rivals + faint_rivals + sheets_beside > 0,
        ImageWarning.CUT_OFF: _is_cut_off(ink, segmented.level, chosen, pen),
        ImageWarning.LOW_CONTRAST: segmented.level < PARAMETERS.low_contrast,
        ImageWarning.FAINT_INK: segmented.level < PARAMETERS.faint_sigmas * segmented.noise
        or goes_on,
        ImageWarning.NOISY: chosen.specks > PARAMETERS.noisy_specks,
        ImageWarning.UNLIKE_A_DIGIT: _is_unlike_a_digit(chosen, drawing),
    }
    return tuple(warning for warning, is_doubtful in doubts.items() if is_doubtful)


def _is_cut_off(ink: Ink, level: float, chosen: Selection, pen: float) -> bool:
    """Whether a stroke goes on over one side of the frame while the opposite side has room.

    A tightly cropped digit touches opposite sides, and is whole. So is one that ends at the frame
    or runs along it: there its ink is weak, gets wider farther in, or is wider than a stroke.
    """
    height, width = chosen.mask.shape
    left, top, box_width, box_height = chosen.box
    right, bottom = width - left - box_width, height - top - box_height
    if min(left, top, right, bottom) > 0:
        return False
    strong = chosen.mask * (ink >= PARAMETERS.crossing_strength * level)
    room_x, room_y = (PARAMETERS.cut_off_room * side for side in (box_width, box_height))
    # In the order in which turning by a quarter brings the sides up.
    sides = (
        (top, bottom, room_y),
        (right, left, room_x),
        (bottom, top, room_y),
        (left, right, room_x),
    )
    return any(
        at == 0
        and opposite > room
        and _is_crossed(np.rot90(chosen.mask, turns), np.rot90(strong, turns), pen)
        for turns, (at, opposite, room) in enumerate(sides)
    )


def _is_crossed(mask: Plane, strong: Plane, pen: float) -> bool:
    """Whether a stroke runs into the upper side: as wide there as half a pen farther in."""
    inner = mask[min(max(1, round(pen / 2)), len(mask) - 1)]
    edges = np.flatnonzero(np.diff(strong[0], prepend=0, append=0))
    for start, end in edges.reshape(-1, 2):
        run = end - start
        around = inner[max(0, start - round(pen)) : end + round(pen)]
        if (
            PARAMETERS.crossing_least * pen <= run <= PARAMETERS.crossing_most * pen
            and np.count_nonzero(around) <= PARAMETERS.crossing_taper * run
        ):
            return True
    return False


def _faint_remains(
    ink: Ink, segmented: Segmentation, chosen: Selection, pen: float
) -> tuple[bool, int]:
    """Look for ink that is weaker than what was taken for ink.

    Returns:
        Whether the digit goes on in it, and how many other pieces of it are as tall as a digit.
    """
    cut = max(PARAMETERS.faint_part * segmented.cut, PARAMETERS.noise_sigmas * segmented.noise)
    if cut >= segmented.cut:
        return False, 0
    weak = without_ruling((ink > cut).view(np.uint8))
    side = 2 * max(1, round(pen)) + 1
    # Of masks of 0 and 1: what is weak ink and not near the digit.
    beyond = cv2.subtract(weak, cv2.dilate(chosen.mask, np.ones((side, side), np.uint8)))
    if not cv2.countNonZero(beyond):
        return False, 0
    count, numbered = cv2.connectedComponents(weak, connectivity=8)
    pieces = np.asarray(numbered, np.int32)
    belonging = np.zeros(count, bool)
    belonging[pieces[(chosen.mask & weak) > 0]] = True
    of_digit = np.take(belonging, pieces)
    goes_on = (beyond * of_digit).sum() > PARAMETERS.faint_part_area * chosen.mask.sum()
    others = beyond * ~of_digit
    return bool(goes_on), tall_pieces(others, chosen.box[3]) if others.any() else 0


def _is_unlike_a_digit(chosen: Selection, drawing: Drawing) -> bool:
    _, _, width, height = chosen.box
    return (
        width > PARAMETERS.widest_aspect * height
        or drawing.former_width > PARAMETERS.widest_stroke
        or _holes(drawing.picture) > PARAMETERS.most_holes
    )


def _holes(picture: Plane) -> int:
    """Count enclosed grounds larger than a pixel of MNIST."""
    _, ink = cv2.threshold(picture, 127, 1, cv2.THRESH_BINARY)
    # Two levels: an outline with a parent (index 3) is that of a hole.
    outlines, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = (o for o, node in zip(outlines, tree[0], strict=True) if node[3] >= 0)
    return sum(cv2.contourArea(hole) > PARAMETERS.drawing_scale**2 for hole in holes)
