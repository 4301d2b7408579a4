"""Equally spaced peaks of a profile: where the lines of a grid cross it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.layouts.parameters import LAYOUT_PARAMETERS as P

Profile = NDArray[np.float64]
"""Ink of lines along one side of a page, shape (n,)."""


class Comb(NamedTuple):
    """Where equally spaced lines are.

    Attributes:
        positions: Shape (lines,), in pixels, ascending.
        score: Mean of the profile there.
    """

    positions: NDArray[np.intp]
    score: float


def best_comb(profile: Profile, lines: int) -> Comb | None:
    """Choose so many nearly equally spaced positions with the most ink; None if there is no room.

    Neighbouring distances differ by a few hundredths from one pitch, so that perspective and
    paper that was not flat are followed.

    Args:
        profile: Non-negative.
        lines: At least 2.
    """
    gaps = lines - 1
    most = (len(profile) - 1) / gaps
    least = max(P.cell_least, P.pitch_least * most)
    best: Comb | None = None
    pitch = most
    while pitch >= least:
        comb = _at_pitch(profile, lines, pitch)
        # A hair for the wider one: between equals the larger grid is the grid.
        if comb is not None and (best is None or comb.score > 1.001 * best.score):
            best = comb
        pitch /= P.pitch_step
    return best


def _at_pitch(profile: Profile, lines: int, pitch: float) -> Comb | None:
    """Choose by dynamic programming: the best sum up to each pixel for each line."""
    shortest = max(1, int(np.floor(pitch * (1 - P.pitch_play))))
    longest = int(np.ceil(pitch * (1 + P.pitch_play)))
    size = len(profile)
    if shortest * (lines - 1) >= size:
        return None
    total = profile.copy()
    steps = np.zeros((lines, size), np.intp)
    for line in range(1, lines):
        before = np.full((longest - shortest + 1, size), -np.inf)
        for row, step in enumerate(range(shortest, longest + 1)):
            if step < size:
                before[row, step:] = total[:-step]
        choice = before.argmax(axis=0)
        steps[line] = choice + shortest
        total = before[choice, np.arange(size)] + profile
    if not np.isfinite(total).any():
        return None
    position = int(np.argmax(total))
    score = float(total[position]) / lines
    positions = [position]
    for line in range(lines - 1, 0, -1):
        position -= int(steps[line, position])
        positions.append(position)
    return Comb(np.asarray(positions[::-1], np.intp), score)
