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
from mnist.layouts.surfaces import Points, smooth_shifts

_MOST_ROWS = 30_000


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
    return grid_in(straight_ink(plane), rows, columns)


class StraightInk(NamedTuple):
    """The thin ink of a page that was straightened.

    Attributes:
        ink: Shape (h, w).
        homography: From the shrunk page to it, shape (3, 3).
        scale: Pixels of the shrunk page for each of the page.
    """

    ink: Ink
    homography: NDArray[np.float64]
    scale: float


def straight_ink(plane: Plane) -> StraightInk:
    """Straighten the thin ink of a page: what all grids are looked for in."""
    small, scale = shrunk(plane, P.search_side)
    ink = thin_ink(small)
    homography = straightened(ink)
    height, width = ink.shape
    straight = cv2.warpPerspective(ink, homography, (width, height))
    return StraightInk(np.asarray(straight, np.float32), homography, scale)


def grid_in(page: StraightInk, rows: int, columns: int) -> GridMesh | str:
    """Find a grid as `find_grid` does, on a page that is straightened already."""
    straight, homography, scale = page
    height, width = straight.shape
    combs = _combs(straight, rows, columns)
    if combs is None:
        return f"there is no room for {rows} x {columns} cells on {width}x{height} pixels"
    across, down = combs
    mesh = np.stack(np.meshgrid(down.positions, across.positions), axis=-1).astype(np.float64)
    mesh, support, problem = _refined(straight, mesh)
    back = cv2.perspectiveTransform(mesh.reshape(-1, 1, 2), np.linalg.inv(homography))
    points = (back.reshape(mesh.shape) + 0.5) / scale - 0.5
    if support < P.support_least:
        problem = f"{support:.0%} of the lines were found, at least {P.support_least:.0%} expected"
    if problem:
        problem = f"these are not the lines of {rows} x {columns} cells: {problem}"
    return GridMesh(np.asarray(points, np.float64), support, problem)


class _Lines(NamedTuple):
    """Level lines of a grid.

    Attributes:
        points: Crossings, moved to where the lines are.
        support: Share of the pieces between them that are there.
        problem: What does not fit, in words.
    """

    points: Points
    support: float
    problem: str


def _combs(ink: Ink, rows: int, columns: int) -> tuple[Comb, Comb] | None:
    """Find level and upright lines; each again within the extent of the others."""
    level, upright = _ridges(ink, columns), _ridges(ink.T, rows)
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


def _ridges(ink: Ink, cells: int) -> Ink:
    """Keep what is thin and goes on for most of a cell, for at most as much as a faint line.

    Args:
        ink: Of a straightened page.
        cells: How many lie side by side.
    """
    # Between the strokes of one cell and those of the next there is a gap, in a line there is none.
    length = max(5, round(P.line_gap * ink.shape[1] / cells)) | 1
    along = cv2.blur(np.ascontiguousarray(np.minimum(ink, P.line_strong)), (length, 1))
    along = cv2.erode(along, np.ones((1, 4 * length + 1), np.uint8))
    beside = cv2.erode(cv2.blur(along, (1, 3)), np.ones((9, 1), np.uint8))
    return np.asarray(np.clip(along - beside, 0, P.line_faint), np.float32)


def _profile(ridges: Ink) -> Profile:
    """Average each row; lines may have drifted by a pixel from one side to the other."""
    rows = ridges.mean(axis=1, dtype=np.float64)
    spread = np.maximum(rows, np.maximum(np.r_[rows[1:], 0], np.r_[0, rows[:-1]]))
    return np.asarray(spread + 1e-3 * rows, np.float64)


def _refined(ink: Ink, mesh: Points) -> tuple[Points, float, str]:
    """Move crossings to where the lines are, and count how much of them is there."""
    turned = np.ascontiguousarray(ink.T)
    level = _moved(ink, mesh)
    upright = _moved(turned, _transposed(level.points))
    level = _moved(ink, _transposed(upright.points))
    upright = _moved(turned, _transposed(level.points))
    problems = {"level": level.problem, "upright": upright.problem}
    problem = "; ".join(f"{name} ones {what}" for name, what in problems.items() if what)
    return _transposed(upright.points), min(level.support, upright.support), problem


def _transposed(mesh: Points) -> Points:
    return np.ascontiguousarray(mesh.transpose(1, 0, 2)[:, :, ::-1])


def _moved(ink: Ink, points: Points) -> _Lines:
    """Move crossings up or down to where level lines are, smoothly over the page."""
    pitch = float(np.median(np.diff(points[:, :, 1], axis=0)))
    bands = _Bands(ink, max(2, round(P.line_reach * pitch)))
    usual = float(np.median(bands.peaks(points)[0]))
    strength, shift = bands.peaks(points, max(usual, P.line_least))
    least = max(P.line_least, bands.noise, usual / P.line_play)
    most = P.line_play * usual
    there = (strength >= least) & (strength <= most)
    moved = points.copy()
    moved[:, :, 1] += smooth_shifts(shift, there, points)
    return _Lines(moved, float(there.mean()), _problem(bands, points, there, (least, most)))


def _problem(
    bands: "_Bands", points: Points, there: NDArray[np.bool_], bounds: tuple[float, float]
) -> str:
    """Say what speaks for another form: lines that are missing, and lines too many."""
    missing = int((there.mean(axis=1) < P.line_share).sum())
    if missing:
        return f"lack {missing} of {len(points)}"
    more = {
        "go on before the first": 2 * points[0] - points[1],
        "go on after the last": 2 * points[-1] - points[-2],
        "are twice as many": (points[1:] + points[:-1]) / 2,
        "are three times as many": (points[1:] + 2 * points[:-1]) / 3,
    }
    return " and ".join(name for name, where in more.items() if bands.are_lines(where, bounds))


class _Bands:
    """Ink in bands around places where level lines may be.

    Args:
        ink: Of a straightened page.
        reach: Rows of a band above and below its middle.

    Attributes:
        noise: Strength that noise alone reaches.
    """

    def __init__(self, ink: Ink, reach: int) -> None:
        # What is left of a slope within a piece must not thin the line out.
        self._ink = cv2.dilate(ink, np.ones((2, 1), np.uint8))
        self._offsets = np.arange(-reach, reach + 1)
        # Most of a page is paper, so the median deviation is that of its noise.
        some = ink[::3, ::3]
        deviation = 1.48 * float(np.median(np.abs(some - np.median(some))))
        self.noise = P.line_sigmas * deviation / np.sqrt(P.line_samples)

    def peaks(
        self, crossings: Points, most: float = 1.0, share: float = 0.5
    ) -> tuple[Profile, Profile]:
        """Say of each piece by how much its strongest row stands out, and its offset.

        A row is as strong as most of it along the piece: a line is all along, a stroke is not.

        Args:
            crossings: Ends of the pieces, shape (lines, n, 2).
            most: Ink of a line; a stroke that is darker does not count for more, and of rows as
                dark as a line the one nearest to the middle is taken.
            share: Of the piece, which may be paler.

        Returns:
            Two arrays of shape (lines, n - 1).
        """
        along = ((np.arange(P.line_samples) + 0.5) / P.line_samples)[:, None]
        first, second = crossings[:, :-1, None], crossings[:, 1:, None]
        places = (first * (1 - along) + second * along)[..., None, :]
        shape = (*places.shape[:3], self._offsets.size)
        x = np.broadcast_to(places[..., 0], shape).reshape(-1, shape[-1])
        y = (places[..., 1] + self._offsets).reshape(-1, shape[-1])
        taken = np.empty(x.shape, np.float32)
        for start in range(0, len(x), _MOST_ROWS):  # OpenCV maps pictures of 32,767 rows at most
            part = slice(start, start + _MOST_ROWS)
            maps = x[part].astype(np.float32), y[part].astype(np.float32)
            border = cv2.BORDER_REPLICATE
            taken[part] = cv2.remap(self._ink, *maps, cv2.INTER_LINEAR, borderMode=border)
        rows = np.quantile(taken.reshape(shape), share, axis=2)
        strength = rows.max(axis=-1) - np.median(rows, axis=-1)
        far = np.abs(self._offsets) / self._offsets[-1]
        offset = self._offsets[(np.minimum(rows / most, 1) - 0.2 * far).argmax(axis=-1)]
        return strength.astype(np.float64), offset.astype(np.float64)

    def are_lines(self, crossings: Points, bounds: tuple[float, float]) -> bool:
        """Whether lines as strong as others run through all of it, and all are on the page."""
        crossings = crossings.reshape(-1, *crossings.shape[-2:])
        y, reach = crossings[..., 1], self._offsets[-1]
        if y.min() < reach or y.max() >= self._ink.shape[0] - reach:
            return False
        # Strokes may cover most of a piece, but not all of it as a line does.
        strength, _ = self.peaks(crossings, share=P.extra_share)
        there = (strength >= bounds[0]) & (strength <= bounds[1])
        return bool(there.mean() >= P.support_extra)
