"""A page with a grid on it, straightened, without its printed lines."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.polarity import levels_of
from mnist.images.results import Ink, Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.surfaces import Points


class CellSheet(NamedTuple):
    """Ink of a grid whose cells all have the same size.

    Attributes:
        ink: Strength of ink, without lines, shape (rows * height + 2 * margin, likewise).
        least: Strength below which it is noise.
        mesh: Crossings of the lines on the page, shape (rows + 1, columns + 1, 2).
        height: Of a cell, in pixels.
        width: Of a cell.
        margin: Around all cells, in pixels.
    """

    ink: Ink
    least: float
    mesh: Points
    height: int
    width: int
    margin: int

    def on_page(self, boxes: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.intp]:
        """Return the boxes on the page around boxes of the sheet.

        Args:
            boxes: Left, top, right and bottom, shape (n, 4).
            shape: Of the page; nothing lies outside of it.
        """
        corners = np.stack([boxes[:, [x, y]] for x in (0, 2) for y in (1, 3)], axis=1)
        place = (corners - self.margin) / (self.width, self.height)
        rows, columns = (size - 2 for size in self.mesh.shape[:2])
        column = np.clip(np.floor(place[..., 0]).astype(int), 0, columns)
        row = np.clip(np.floor(place[..., 1]).astype(int), 0, rows)
        x, y = (place - np.stack([column, row], axis=-1))[..., None].transpose(2, 0, 1, 3)
        upper = self.mesh[row, column] * (1 - x) + self.mesh[row, column + 1] * x
        lower = self.mesh[row + 1, column] * (1 - x) + self.mesh[row + 1, column + 1] * x
        points = upper * (1 - y) + lower * y
        most = np.array([shape[1], shape[0]])
        low = np.clip(np.floor(points.min(axis=1)), 0, most - 1)
        high = np.clip(np.ceil(points.max(axis=1)), low + 1, most)
        return np.concatenate([low, high], axis=1).astype(np.intp)


def straight_sheet(plane: Plane, mesh: Points) -> CellSheet:
    """Draw a page's grid with straight lines and equal cells, and take the lines away.

    Args:
        plane: The upright page.
        mesh: Crossings of its lines, shape (rows + 1, columns + 1, 2).
    """
    rows, columns = mesh.shape[0] - 1, mesh.shape[1] - 1
    tall = float(np.linalg.norm(np.diff(mesh, axis=0), axis=-1).mean())
    wide = float(np.linalg.norm(np.diff(mesh, axis=1), axis=-1).mean())
    most = min(P.cell_side_most, np.sqrt(P.sheet_pixels / (rows * columns)))
    side = max(P.cell_side, most)
    scale = min(P.enlarged_most, side / min(tall, wide))
    height, width = max(8, round(tall * scale)), max(8, round(wide * scale))
    margin = max(round(0.3 * min(height, width)), _band(height) + 1, _band(width) + 1)
    y = (np.arange(rows * height + 2 * margin) + 0.5 - margin) / height
    x = (np.arange(columns * width + 2 * margin) + 0.5 - margin) / width
    places = _interpolated(mesh, _hats(y, rows + 1), _hats(x, columns + 1)).astype(np.float32)
    # Reduced first where cells are much larger than they are drawn, or lines would be jagged.
    reduced = plane if scale > 0.6 else shrunk(plane, round(max(plane.shape) * scale))[0]
    factor = reduced.shape[1] / plane.shape[1]
    at = (places + 0.5) * factor - 0.5
    level = cv2.remap(
        reduced,
        np.ascontiguousarray(at[:, :, 0]),
        np.ascontiguousarray(at[:, :, 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if levels_of(reduced).light_on_dark:
        level = cv2.bitwise_not(level)
    ink = _ink(np.asarray(level, np.uint8), min(height, width))
    some = ink[::3, ::3]  # of millions, these are enough
    noise = 1.4826 * float(np.median(np.abs(some - np.median(some))))
    least = max(P.ink_least, P.noise_sigmas * noise)
    ink = _without_lines(ink, rows, (height, width, margin))
    ink = np.ascontiguousarray(_without_lines(ink.T, columns, (width, height, margin)).T)
    crossings = [
        margin + np.arange(count + 1)[:, None] * side + np.arange(-reach, reach)
        for count, side, reach in ((rows, height, _band(height)), (columns, width, _band(width)))
    ]
    ink[np.ix_(crossings[0].ravel(), crossings[1].ravel())] = 0  # hardly anybody writes there
    return CellSheet(ink, least, mesh, height, width, margin)


def _band(side: int) -> int:
    """Pixels on both sides of where a line should be in which it is taken away."""
    return max(3, round(P.line_band * side))


def _ink(level: Plane, cell: int) -> Ink:
    """Measure ink against the paper around it, which may be in shadow."""
    small, scale = shrunk(level, max(64, round(max(level.shape) / 4)))
    side = max(5, round(cell * scale * 0.6)) | 1
    ground = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, np.ones((side, side)))
    ground = cv2.blur(ground, (side, side))
    size = (level.shape[1], level.shape[0])
    paper = np.maximum(cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR), 16)
    ink = np.asarray(1 - level.astype(np.float32) / paper, np.float32)
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.6), np.float32)


def _hats(places: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Weights of linear interpolation between `count` points, going on straight outside."""
    first = np.clip(np.floor(places).astype(int), 0, count - 2)
    weights = np.zeros((places.size, count))
    rows = np.arange(places.size)
    weights[rows, first] = 1 - (places - first)
    weights[rows, first + 1] = places - first
    return weights


def _interpolated(
    mesh: Points, y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.stack([y @ mesh[:, :, axis] @ x.T for axis in (0, 1)], axis=-1)


def _without_lines(ink: Ink, lines: int, sizes: tuple[int, int, int]) -> Ink:
    """Take away level lines, and keep the strokes that cross them.

    Args:
        ink: Shape (h, w).
        lines: How many cells there are between the first and the last line.
        sizes: Height and width of a cell and margin, in pixels.
    """
    height, width, margin = sizes
    reach = _band(height)
    offsets = np.arange(-reach, reach)
    rows = margin + np.arange(lines + 1)[:, None] * height + offsets
    bands = ink[rows]  # (lines + 1, offsets, w)
    pieces = (ink.shape[1] - 2 * margin) // width
    inner = bands[:, :, margin : margin + pieces * width]
    # The median along a piece is that of the line, whatever strokes cross it.
    profile = np.median(inner.reshape(lines + 1, offsets.size, pieces, width)[..., ::2], axis=-1)
    start, stop = _extents(profile)
    # What sticks out at the sides belongs to the outermost pieces.
    spread = np.repeat(np.arange(pieces), width)
    spread = np.r_[np.zeros(margin, int), spread, np.full(margin, pieces - 1)]
    above, below = start[:, spread] - 1, stop[:, spread] + 1  # (lines + 1, w)
    here = (np.arange(offsets.size)[None, :, None] > above[:, None]) & (
        np.arange(offsets.size)[None, :, None] < below[:, None]
    )
    bridged = _bridged(bands, above, below)
    cleaned = ink.copy()
    cleaned[rows] = np.where(here & ~bridged[:, None], 0, bands)
    return cleaned


def _extents(profile: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last offset of the line in each piece, shape (lines, pieces)."""
    count = profile.shape[1]
    peak = profile.argmax(axis=1)
    strength = profile.max(axis=1)
    clear = strength > 0.5 * np.median(strength)
    half = 0.35 * np.maximum(strength, 1e-6)[:, None]
    thickness = (profile > half).sum(axis=1)
    typical = float(np.median(thickness[clear])) if clear.any() else 2.0
    # Where the line is broken or a stroke lies along it, it is where its neighbours are.
    usual = np.array(
        [
            float(np.median(at[shown])) if shown.any() else count // 2
            for at, shown in zip(peak, clear, strict=True)
        ]
    )
    far = np.abs(peak - usual[:, None]) > 2
    peak = np.where(clear & ~far, peak, np.rint(usual)[:, None]).astype(int)
    reach = int(np.ceil(typical / 2 + 0.5))
    return np.clip(peak - reach, 1, count - 2), np.clip(peak + reach, 1, count - 2)


def _bridged(bands: Ink, above: NDArray[np.intp], below: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell in which columns a stroke crosses the line: ink right above and right below it."""
    upper = np.take_along_axis(bands, above[:, None], axis=1)[:, 0]
    lower = np.take_along_axis(bands, below[:, None], axis=1)[:, 0]
    # A slanted stroke crosses a little farther on.
    wide = np.ones((1, 5), np.uint8)
    near = [cv2.dilate((side > P.crossing).astype(np.uint8), wide) > 0 for side in (upper, lower)]
    return near[0] & near[1]
