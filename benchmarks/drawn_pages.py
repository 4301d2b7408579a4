"""Pages drawn from single digits: strips of digits, and sheets of cells as a scanner sees them."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages

Plane = NDArray[np.uint8]
Ink = NDArray[np.float32]


class DrawnSheet(NamedTuple):
    """A page with a grid.

    Attributes:
        plane: The page, shape (h, w), dark on light.
        values: Row by row what is in each cell; empty text for an empty cell.
        corners: Of the cells on the page, shape (rows + 1, columns + 1, 2).
    """

    plane: Plane
    values: list[str]
    corners: NDArray[np.float32]


class Scan(NamedTuple):
    """What happens to a sheet between the printer and the file.

    Attributes:
        skew: Degrees.
        perspective: Of the page's width, by which corners move.
        line: Darkness of the printed lines, 0-1.
        broken: Share of the lines that is missing.
        noise: Standard deviation, in grey levels.
        shadow: Of the light that is lost on one side.
        faint: Darkness of the ink.
        wave: Pixels by which the paper is bent.
    """

    skew: float = 0.0
    perspective: float = 0.0
    line: float = 0.8
    broken: float = 0.0
    noise: float = 3.0
    shadow: float = 0.0
    faint: float = 0.9
    wave: float = 0.0


SCANS = {
    "clean": Scan(),
    "skewed": Scan(skew=3.5, noise=6),
    "photographed": Scan(skew=-1.5, perspective=0.03, noise=5, shadow=0.35),
    "faint lines": Scan(skew=1.0, line=0.12, noise=5),
    "broken lines": Scan(skew=-0.7, line=0.5, broken=0.3, noise=5),
    "noisy": Scan(skew=2.0, noise=18, faint=0.8),
    "pencil": Scan(skew=-2.0, noise=5, faint=0.3, line=0.5),
    "bent": Scan(skew=0.8, wave=6.0, noise=4),
}


def draw_sheet(
    hand: LabelledImages,
    grid: tuple[int, int],
    cell: tuple[int, int],
    scan: Scan,
    seed: int,
    empty: float = 0.2,
) -> DrawnSheet:
    """Draw a sheet of cells, fill it, and scan it.

    Args:
        hand: Where its digits come from.
        grid: Rows and columns.
        cell: Height and width of a cell, in pixels.
        scan: What happens to it.
        seed: Decides everything that is random.
        empty: Share of the cells that are left empty, some of them with specks.
    """
    random = np.random.default_rng(seed)
    rows, columns = grid
    margin = round(1.2 * max(cell))
    shape = (rows * cell[0] + 2 * margin, columns * cell[1] + 2 * margin)
    lines = _printed(shape, grid, cell, margin, scan, random)
    ink, values = np.zeros(shape, np.float32), []
    for row in range(rows):
        for column in range(columns):
            top, left = margin + row * cell[0], margin + column * cell[1]
            if random.random() < empty:
                values.append("")
                _specks(ink, (top, left), cell, random)
                continue
            index = int(random.integers(len(hand.images)))
            values.append(str(hand.labels[index]))
            _write(ink, hand.images[index], (top, left), cell, random)
    y, x = (margin + np.arange(n + 1) * size for n, size in zip(grid, cell, strict=True))
    corners = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    return _scanned(lines, ink, corners, values, scan, random)


def _printed(
    shape: tuple[int, int],
    grid: tuple[int, int],
    cell: tuple[int, int],
    margin: int,
    scan: Scan,
    random: np.random.Generator,
) -> Ink:
    lines = np.zeros(shape, np.float32)
    thick = max(1, round(min(cell) / 30))
    for axis in (0, 1):
        page = lines if axis == 0 else lines.T
        for number in range(grid[axis] + 1):
            at = margin + number * cell[axis]
            band = np.zeros((thick, page.shape[1]), np.float32)
            band[:, margin : page.shape[1] - margin + thick] = scan.line
            for _ in range(round(scan.broken * page.shape[1] / 20)):
                start = int(random.integers(page.shape[1]))
                band[:, start : start + int(random.integers(5, 36))] = 0
            page[at - thick // 2 : at - thick // 2 + thick] = np.maximum(
                page[at - thick // 2 : at - thick // 2 + thick], band
            )
    return lines


def _write(
    ink: Ink,
    image: Plane,
    corner: tuple[int, int],
    cell: tuple[int, int],
    random: np.random.Generator,
) -> None:
    side = min(cell) * random.uniform(0.55, 0.95) * 28 / 20
    size = max(8, round(side))
    drawn = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    spare_y, spare_x = cell[0] - size * 20 / 28, cell[1] - size * 20 / 28
    top = corner[0] + cell[0] / 2 - size / 2 + random.normal() * spare_y * 0.25
    left = corner[1] + cell[1] / 2 - size / 2 + random.normal() * spare_x * 0.25
    paste(ink, np.clip(drawn, 0, 1), round(top), round(left))


def _specks(
    ink: Ink, corner: tuple[int, int], cell: tuple[int, int], random: np.random.Generator
) -> None:
    for _ in range(int(random.integers(0, 4))):
        y = corner[0] + int(random.integers(2, cell[0] - 4))
        x = corner[1] + int(random.integers(2, cell[1] - 4))
        size = max(1, round(min(cell) * random.uniform(0.02, 0.07)))
        ink[y : y + size, x : x + size] = random.uniform(0.3, 1)


def paste(ink: Ink, drawn: Ink, top: int, left: int) -> None:
    """Lay a picture over ink; what is outside is cut away."""
    height, width = drawn.shape
    y, x = max(top, 0), max(left, 0)
    bottom, right = min(top + height, ink.shape[0]), min(left + width, ink.shape[1])
    if y < bottom and x < right:
        part = ink[y:bottom, x:right]
        np.maximum(part, drawn[y - top : bottom - top, x - left : right - left], out=part)


def _scanned(
    lines: Ink,
    ink: Ink,
    corners: NDArray[np.float32],
    values: list[str],
    scan: Scan,
    random: np.random.Generator,
) -> DrawnSheet:
    height, width = ink.shape
    picture = np.maximum(lines, ink * scan.faint)
    matrix = _placed(width, height, scan, random)
    moved = cv2.perspectiveTransform(corners.reshape(-1, 1, 2), matrix)
    flat = np.asarray(moved, np.float32).reshape(corners.shape)
    size = _size(matrix, width, height)
    warped = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA)
    picture = np.asarray(warped, np.float32)
    if scan.wave:
        picture, flat = _bent(picture, flat, scan.wave)
    level = 235 * (1 - picture)
    side = np.linspace(1 - scan.shadow, 1, size[0], dtype=np.float32)
    level = cv2.GaussianBlur(level * side, (0, 0), 0.7)
    level += random.normal(0, scan.noise, level.shape)
    plane = np.clip(level, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return DrawnSheet(np.asarray(decoded, np.uint8), values, flat)


def _placed(
    width: int, height: int, scan: Scan, random: np.random.Generator
) -> NDArray[np.float64]:
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + random.uniform(-1, 1, (4, 2)).astype(np.float32) * scan.perspective * width
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), scan.skew, 1)
    moved = cv2.transform(moved[None], turn)[0]
    moved -= moved.min(axis=0)
    return np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32)), np.float64)


def _size(matrix: NDArray[np.float64], width: int, height: int) -> tuple[int, int]:
    corners = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float32)
    far = cv2.perspectiveTransform(corners, matrix).reshape(-1, 2).max(axis=0)
    return int(np.ceil(far[0])), int(np.ceil(far[1]))


def _bent(
    picture: Ink, corners: NDArray[np.float32], wave: float
) -> tuple[Ink, NDArray[np.float32]]:
    height, width = picture.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bend: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    bend = lambda along: wave * np.sin(along / width * np.pi * 1.5)  # noqa: E731
    bent = cv2.remap(picture, x, (y - bend(x)).astype(np.float32), cv2.INTER_LINEAR)
    moved = corners.copy()
    moved[..., 1] += bend(corners[..., 0])
    return np.asarray(bent, np.float32), moved
