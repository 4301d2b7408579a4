"""Find the lines of a sheet of cells: turned, seen at an angle, faint and broken."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.results import Ink, Plane
from mnist.layouts.combs import Comb, Profile, best_comb
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.straightening import straightened, thin_ink

Points = NDArray[np.float64]
"""Places on a page, x and y in pixels, shape (..., 2)."""


class GridMesh(NamedTuple):
    """Where the lines of a grid cross.

    Attributes:
        points: On the page, shape (rows + 1, columns + 1, 2).
        support: Share of the pieces of lines between crossings that are there, 0-1.
        problem: Why this is not the grid, in words; empty if it is.
    """

    points: Points
    support: float
    problem: str


def find_grid(plane: Plane, rows: int, columns: int) -> GridMesh | str:
    """Find a grid of so many rows and columns.

    Args:
        plane: An upright page, shape (h, w).
        rows: Of cells, so there is one line more.
        columns: Of cells.

    Returns:
        The grid, or in words why no place for one was found.
    """
    small, scale = shrunk(plane, P.search_side)
    ink = thin_ink(small)
    homography = straightened(ink)
    height, width = ink.shape
    straight = np.asarray(cv2.warpPerspective(ink, homography, (width, height)), np.float32)
    combs = _combs(straight, rows, columns)
    if combs is None:
        return f"there is no room for {rows} x {columns} cells on {width}x{height} pixels"
    across, down = combs
    mesh = np.stack(np.meshgrid(down.positions, across.positions), axis=-1).astype(np.float64)
    mesh, support, beyond = _refined(straight, mesh)
    back = cv2.perspectiveTransform(mesh.reshape(-1, 1, 2), np.linalg.inv(homography))
    points = (back.reshape(mesh.shape) + 0.5) / scale - 0.5
    problem = ""
    if support < P.support_least:
        problem = (
            f"{support:.0%} of the lines of {rows} x {columns} cells were found, at least "
            f"{P.support_least:.0%} are expected"
        )
    elif beyond:
        problem = f"there are more lines than those of {rows} x {columns} cells: {beyond}"
    return GridMesh(np.asarray(points, np.float64), support, problem)


def _combs(ink: Ink, rows: int, columns: int) -> tuple[Comb, Comb] | None:
    """Find level and upright lines; each again within the extent of the others."""
    level, upright = _ridges(ink, ink.shape[1] // 40), _ridges(ink.T, ink.shape[0] // 40)
    across, down = best_comb(_profile(level), rows + 1), None
    for _ in range(2):
        if across is None:
            return None
        top, bottom = across.positions[0], across.positions[-1]
        down = best_comb(_profile(upright[:, top : bottom + 1]), columns + 1)
        if down is None:
            return None
        left, right = down.positions[0], down.positions[-1]
        across = best_comb(_profile(level[:, left : right + 1]), rows + 1)
    return None if across is None or down is None else (across, down)


def _ridges(ink: Ink, length: int) -> Ink:
    """Keep what is thin and goes on to the right and left for so many pixels."""
    along = cv2.blur(np.ascontiguousarray(ink), (max(9, length) | 1, 1))
    beside = cv2.erode(cv2.blur(along, (1, 3)), np.ones((9, 1), np.uint8))
    return np.asarray(np.clip(along - beside, 0, None), np.float32)


def _profile(ridges: Ink) -> Profile:
    """Average each row, where no single row counts for much more than a line does."""
    rows = ridges.mean(axis=1, dtype=np.float64)
    # Lines may have drifted by a pixel from one side to the other.
    spread = np.maximum(rows, np.maximum(np.r_[rows[1:], 0], np.r_[0, rows[:-1]]))
    strong = np.percentile(spread, 95)
    return np.asarray(np.minimum(spread, strong) + 1e-3 * rows, np.float64)


def _refined(ink: Ink, mesh: Points) -> tuple[Points, float, str]:
    """Move crossings to where the lines are, and count how much of them is there."""
    support, beyond = 0.0, ""
    for _ in range(2):
        level, rows_there, rows_more = _moved(ink, mesh)
        turned = np.ascontiguousarray(ink.T)
        upright, columns_there, columns_more = _moved(turned, _transposed(level))
        mesh = _transposed(upright)
        support = min(rows_there, columns_there)
        more = {"rows": rows_more, "columns": columns_more}
        beyond = ", ".join(f"{name} {where}" for name, where in more.items() if where)
    return mesh, support, beyond


def _transposed(mesh: Points) -> Points:
    return np.ascontiguousarray(mesh.transpose(1, 0, 2)[:, :, ::-1])


def _moved(ink: Ink, points: Points) -> tuple[Points, float, str]:
    """Move crossings up or down to where level lines are, smoothly over the page.

    Returns:
        The crossings; the share of the pieces between them that are lines; and on which side
        there is one line too many, or nothing.
    """
    pitch = float(np.median(np.diff(points[:, :, 1], axis=0)))
    length = float(np.median(np.diff(points[:, :, 0], axis=1)))
    reach = max(2, round(P.line_reach * pitch))
    bands = _Bands(
        cv2.blur(ink, (max(3, round(0.7 * length)) | 1, 1)), np.arange(-reach, reach + 1)
    )
    middles = (points[:, 1:] + points[:, :-1]) / 2
    strength, shift = bands.peaks(middles)
    # The same measure where no line should be says what strokes and noise amount to.
    least = _least_strength(strength, bands.peaks((middles[1:] + middles[:-1]) / 2)[0])
    there = strength >= least
    moved = points.copy()
    moved[:, :, 1] += _smooth(middles, shift, strength * there, points)
    usual = float(np.median(strength[there])) if there.any() else 1.0
    more = [
        name
        for name, outer, inner in (("before the first", 0, 1), ("after the last", -1, -2))
        if bands.has_line(2 * middles[outer] - middles[inner], max(least, usual / 2))
    ]
    return moved, float(there.mean()), " and ".join(more)


def _least_strength(lines: Profile, between: Profile) -> float:
    """From which strength on a piece is a line: beyond what lies between lines."""
    middle = float(np.median(between))
    spread = 1.48 * float(np.median(np.abs(between - middle)))
    least = max(P.line_least, middle + P.line_sigmas * spread)
    return min(least, max(P.line_least, float(np.percentile(lines, 75)) / 2))


class _Bands:
    """Ink in bands around places where level lines may be.

    Args:
        along: Ink, averaged to the left and right over most of a cell.
        offsets: Rows of a band from its middle.
    """

    def __init__(self, along: cv2.typing.MatLike, offsets: NDArray[np.intp]) -> None:
        self._along = along
        self._offsets = offsets

    def peaks(self, places: Points) -> tuple[Profile, Profile]:
        """Say by how much the strongest row of each band stands out, and its offset."""
        shape = (*places.shape[:-1], self._offsets.size)
        x = np.broadcast_to(places[..., 0, None], shape).reshape(-1, shape[-1])
        y = (places[..., 1, None] + self._offsets).reshape(-1, shape[-1])
        maps = np.ascontiguousarray(x, np.float32), np.ascontiguousarray(y, np.float32)
        border = cv2.BORDER_REPLICATE
        band = np.asarray(cv2.remap(self._along, *maps, cv2.INTER_LINEAR, borderMode=border))
        strength = band.max(axis=1) - np.median(band, axis=1)
        offset = self._offsets[band.argmax(axis=1)]
        size = places.shape[:-1]
        return strength.reshape(size).astype(np.float64), offset.reshape(size).astype(np.float64)

    def has_line(self, places: Points, least: float) -> bool:
        """Whether a line runs through most of the places, and all of them are on the page."""
        y = places[:, 1]
        reach = self._offsets[-1]
        if y.min() < reach or y.max() >= self._along.shape[0] - reach:
            return False
        return bool((self.peaks(places)[0] >= least).mean() >= P.support_extra)


def _smooth(middles: Points, shifts: Profile, weights: Profile, points: Points) -> Profile:
    """Fit a surface to shifts, leaving out in each round what is far from it."""
    low, high = points.reshape(-1, 2).min(axis=0), points.reshape(-1, 2).max(axis=0)
    span = np.maximum(high - low, 1)
    # Small grids have too few pieces of lines for many terms.
    degree = int(np.searchsorted((6, 24, 60), np.count_nonzero(weights), side="right"))
    terms = _terms((middles - low) / span, degree)
    target, weight = shifts.ravel(), np.sqrt(weights.ravel())
    solution: Profile = np.zeros(terms.shape[1])
    for _ in range(4):
        if np.count_nonzero(weight) < terms.shape[1]:
            break
        fitted = np.linalg.lstsq(terms * weight[:, None], target * weight, rcond=None)[0]
        solution = np.asarray(fitted, np.float64)
        rest = np.abs(target - terms @ solution)
        spread = 1.48 * float(np.median(rest[weight > 0]))
        weight = weight * (rest <= 3 * spread + 1)
    surface = _terms((points - low) / span, degree) @ solution
    return np.asarray(surface.reshape(points.shape[:2]), np.float64)


def _terms(places: Points, degree: int) -> NDArray[np.float64]:
    x, y = places[..., 0].ravel(), places[..., 1].ravel()
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=-1)
