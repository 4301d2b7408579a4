"""Ways to cut a line of writing from top to bottom, through as little ink as possible."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.images.results import Ink, Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P


class Seams(NamedTuple):
    """Cuts, from left to right; the first runs before all ink and the last behind it.

    Attributes:
        columns: Where each cut crosses each row, shape (cuts, h); ink left of it is before it.
        costs: Pixels of ink that each cuts through.
    """

    columns: NDArray[np.intp]
    costs: NDArray[np.float64]


def seams_of(ink: Ink, mask: Plane, row: float, pen: float) -> Seams:
    """Find cuts as cheapest paths from the lowest row to the uppermost one.

    A path moves by one column for each row at most, so it follows the slant of the writing and
    passes under an overhanging stroke.

    Args:
        ink: Strength of ink, 1 in the middle of strokes, shape (h, w); a cut follows the paler
            seam between strokes that have run into each other.
        mask: Where there is ink, 0 or 1.
        row: Height of a digit, in pixels.
        pen: Width of a stroke, in pixels.
    """
    slant = slant_of(mask)
    shifts = np.rint(slant * (np.arange(len(mask)) - len(mask) / 2)).astype(int)
    pad = int(np.abs(shifts).max(initial=0)) + 2
    upright = np.zeros((mask.shape[0], mask.shape[1] + 2 * pad), np.float64)
    for y, shift in enumerate(shifts):
        upright[y, pad + shift : pad + shift + mask.shape[1]] = ink[y]
    cheapest = [_cheapest(upright, turn, share) for turn in P.seam_turns for share in P.seam_rows]
    costs = np.concatenate([cost for cost, _ in cheapest])
    paths = np.concatenate([path for _, path in cheapest])
    lowest = np.concatenate([_is_lowest(cost) for cost, _ in cheapest])
    chosen = _apart(upright, (costs, paths, lowest), row, pen)
    columns = paths[chosen] - pad - shifts
    first = np.full((1, len(mask)), -1, np.intp)
    last = np.full((1, len(mask)), mask.shape[1], np.intp)
    columns = np.clip(np.concatenate([first, columns, last]), -1, mask.shape[1])
    return Seams(columns, np.r_[0.0, costs[chosen], 0.0])


def slant_of(mask: Plane) -> float:
    """Columns by which writing leans to the right for each row upwards, as the sharpest profile."""
    y, x = np.nonzero(mask)
    best, sharpest = 0.0, -1.0
    for slant in np.arange(-P.slant_most, P.slant_most + 1e-6, P.slant_step):
        columns = np.rint(x + slant * (y - len(mask) / 2)).astype(int)
        profile = np.bincount(columns - columns.min())
        # Upright is taken where nothing is clearly sharper.
        sharpness = float((profile.astype(np.float64) ** 2).sum()) * (1 - 0.05 * abs(slant))
        if sharpness > sharpest:
            best, sharpest = float(slant), sharpness
    return best


def _cheapest(
    ink: NDArray[np.float64], turn: float, share: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cost of the cheapest path through each column of one row, and its columns, (w, h).

    Args:
        ink: Shape (h, w).
        turn: Ink that a step to the side costs.
        share: Of the height, where that row is.
    """
    height, width = ink.shape
    middle = round(share * (height - 1))
    paths = np.empty((width, height), np.intp)
    paths[:, middle] = np.arange(width)
    for rows in (range(middle + 1), range(height - 1, middle - 1, -1)):
        steps = _steps(ink[rows], turn)
        for place in range(len(rows) - 1, 0, -1):
            here = paths[:, rows[place]]
            paths[:, rows[place - 1]] = here + steps[place, here]
    return ink[np.arange(height), paths].sum(axis=1), paths


def _steps(ink: NDArray[np.float64], turn: float) -> NDArray[np.int8]:
    """For each pixel the step back, -1 to 1, on the cheapest path from the first row to it."""
    total = ink[0]
    steps = np.zeros(ink.shape, np.int8)
    options = np.full((3, ink.shape[1]), np.inf)
    for y in range(1, len(ink)):
        options[0, 1:], options[1], options[2, :-1] = total[:-1] + turn, total, total[1:] + turn
        # Straight on where equal.
        choice = np.where(options[1] <= options.min(axis=0), 1, options.argmin(axis=0))
        steps[y] = choice - 1
        total = options[choice, np.arange(ink.shape[1])] + ink[y]
    return steps


def _is_lowest(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether no path that ends near by is cheaper."""
    reach = P.seam_valley
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(costs, reach, constant_values=np.inf), 2 * reach + 1
    )
    return np.asarray(costs <= around.min(axis=1), np.bool_)


def _apart(
    ink: NDArray[np.float64],
    seams: tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.bool_]],
    row: float,
    pen: float,
) -> NDArray[np.intp]:
    """Choose cheap paths that have ink between them, from left to right."""
    costs, paths, lowest = seams
    before = np.cumsum(ink, axis=1)  # ink up to and with each column
    left = before[np.arange(len(ink)), paths].sum(axis=1)  # ink left of each path
    whole = before[:, -1].sum()
    gap = P.seam_ink * row * row
    usable = lowest & (costs <= P.seam_cost * pen) & (left >= gap) & (left <= whole - gap)
    chosen: list[int] = []
    # Cheapest first; among equals those in the middle of their gap.
    for index in np.lexsort((-_room(costs), np.round(costs))):
        if not usable[index]:
            continue
        least = gap if costs[index] < 1 else P.seam_distance * row * row
        if all(abs(left[index] - left[other]) >= least for other in chosen):
            chosen.append(int(index))
    middle = paths.mean(axis=1)
    chosen.sort(key=lambda index: (left[index], middle[index]))
    return np.asarray(chosen, np.intp)


def _room(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns to the nearest path that costs more, on the nearer side."""
    starts = np.flatnonzero(np.diff(np.round(costs), prepend=-1))
    sizes = np.diff(np.r_[starts, len(costs)])
    place = np.arange(len(costs)) - np.repeat(starts, sizes)
    return np.asarray(np.minimum(place, np.repeat(sizes, sizes) - 1 - place), np.float64)
