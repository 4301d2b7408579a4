"""Find the boxes that a form prints for the digits of a value, one for each."""

import cv2
import numpy as np

from mnist.images.results import Plane
from mnist.layouts.grids import GridMesh, StraightInk, grid_in, straight_ink
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P


def boxes_of(plane: Plane, count: int | None) -> GridMesh | None:
    """Find a row of so many printed boxes, or of any number of them; None if there is none.

    Where nobody says how many there are, writing may look like boxes: whoever asks looks at the
    support of the mesh (`LAYOUT_PARAMETERS.boxes_sure`).
    """
    if count is not None:
        return _row_of_boxes(straight_ink(plane), count, P.boxes_least)
    difference = np.abs(plane.astype(np.float32) - np.median(plane))
    share = difference / max(float(difference.max()), 1.0)
    columns = np.flatnonzero((share > P.written_share).sum(axis=0) >= 2)
    if not len(columns):
        return None
    lines = (share > P.faint_share).astype(np.uint8)
    if not _is_lined(lines[:, columns[0] : columns[-1] + 1]):
        return None
    height = np.ptp(np.flatnonzero(lines.any(axis=1))) + 1
    narrow, wide = (np.ptp(columns) / height / sides for sides in P.box_sides)
    ink, fitting = straight_ink(plane), []
    for boxes in range(max(2, int(wide)), min(P.boxes_most, int(narrow) + 1) + 1):
        mesh = _row_of_boxes(ink, boxes, P.counted_boxes_least)
        if mesh is not None:
            left, right = float(mesh.points[..., 0].min()), float(mesh.points[..., 0].max())
            play = (right - left) / boxes / 4
            # Boxes that leave ink outside are fewer than there are.
            if left < columns[0] + play and right > columns[-1] - play:
                fitting.append(mesh)
    return max(fitting, key=lambda mesh: mesh.support, default=None)


def _row_of_boxes(ink: StraightInk, count: int, support: float) -> GridMesh | None:
    mesh = grid_in(ink, 1, count)
    if isinstance(mesh, str) or mesh.problem or mesh.support < support:
        return None
    return mesh


def _is_lined(dark: Plane) -> bool:
    """Whether something long runs along both edges of what is written; a cheap look before."""
    rows = np.flatnonzero(dark.any(axis=1))
    dark = dark[rows[0] : rows[-1] + 1]
    play = max(1, round(0.05 * dark.shape[1]))  # by which a line is not level
    near = cv2.dilate(dark, np.ones((play, 1), np.uint8)).mean(axis=1)
    third = max(1, len(near) // 3)
    return bool(min(near[:third].max(), near[-third:].max()) > P.lined_share)
