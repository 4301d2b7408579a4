"""From decoded pixels of any depth, colour and transparency to one grey plane."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.parameters import PARAMETERS
from mnist.images.results import Pixels, Plane

_UPRIGHT: dict[int, Callable[[Plane], Any]] = {
    2: lambda plane: cv2.flip(plane, 1),
    3: lambda plane: cv2.rotate(plane, cv2.ROTATE_180),
    4: lambda plane: cv2.flip(plane, 0),
    5: cv2.transpose,
    6: lambda plane: cv2.rotate(plane, cv2.ROTATE_90_CLOCKWISE),
    7: lambda plane: cv2.flip(cv2.transpose(plane), -1),
    8: lambda plane: cv2.rotate(plane, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_OPAQUE = 0xFF000000  # least value of an opaque BGRA pixel as one number, alpha being the last byte
_UNSIGNED = "BH"  # dtype characters of uint8 and uint16; comparing dtypes is slow


def size_at(scale: float, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return width and height of a picture of `shape` after scaling, at least one pixel each."""
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def shrunk(picture: NDArray[Any], side: int) -> tuple[NDArray[Any], float]:
    """Average a picture down until no side is longer than `side`; return it and its scale, <= 1."""
    scale = min(1.0, side / max(picture.shape[:2]))
    if scale == 1:
        return picture, scale
    step = 2 ** int(np.log2(1 / scale))  # first, because this is several times as fast
    part = divided(picture, step)
    size = size_at(scale * step, part.shape)
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA), scale


def divided(picture: NDArray[Any], by: int) -> NDArray[Any]:
    """Average squares of so many pixels; what is left over at the right and below is lost."""
    if by <= 1:
        return picture
    rows, columns = (min(by, length) for length in picture.shape[:2])
    height, width = picture.shape[0] // rows, picture.shape[1] // columns
    whole = picture[: height * rows, : width * columns]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)


def to_grey(
    pixels: NDArray[Any], orientation: int = 1, longest_side: int = 2 * PARAMETERS.working_side
) -> Plane:
    """Reduce, flatten and turn decoded pixels upright.

    Args:
        pixels: Shape (h, w), (h, w, 3) BGR or (h, w, 4) BGRA; any integer or float type.
        orientation: EXIF orientation, 1-8.
        longest_side: Pixels; larger pictures are divided until their sides are shorter.
    """
    if pixels.dtype.char not in _UNSIGNED:
        pixels = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    pixels = divided(pixels, 2 * max(pixels.shape[:2]) // longest_side)
    plane = to_eight_bits(pixels)
    if plane.ndim == 3:
        plane = _flattened(plane) if plane.shape[2] == 4 else plane
        plane = _without_colour(plane) if plane.ndim == 3 else plane
    turn = _UPRIGHT.get(orientation)
    return plane if turn is None else np.asarray(turn(plane), np.uint8)


def to_eight_bits(pixels: NDArray[Any]) -> Pixels:
    """Map deeper pixels to 0-255 by the depth that they really use.

    Scanners store 10 or 12 bits in 16-bit files; dividing by 256 would make those black.
    """
    if pixels.dtype.char == "B":
        return pixels
    values = pixels.astype(np.float32)
    lowest, highest = float(values.min()), float(values.max())
    if lowest < 0:
        values, highest = values - lowest, highest - lowest
    if pixels.dtype.kind == "f" and highest <= 1.0:
        top = 1.0
    else:
        # Depths are even (8, 10, 12, 14, 16): a dark 12-bit scan may reach only 11 bits.
        bits = max(8, int(np.ceil(np.log2(highest + 1))))
        top = 2.0 ** (bits + bits % 2) - 1
    return (values * (255.0 / top)).round().astype(np.uint8)


def _without_colour(pixels: Pixels) -> Plane:
    """Take luminance, unless one channel shows much more: yellow ink on white, red on green."""
    # A quarter of the rows and columns of a large one show as much.
    sample = _thinned(pixels, max(1, min(pixels.shape[:2]) // 256))
    if not _is_colourless(sample):
        channel = _clearest_channel(sample)
        if channel is not None:
            return np.asarray(cv2.extractChannel(pixels, channel), np.uint8)
    code = cv2.COLOR_BGRA2GRAY if pixels.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _thinned(pixels: Pixels, step: int) -> Pixels:
    """Take some rows and columns, as BGR."""
    if step > 1:
        # NumPy copies the four bytes of a pixel at once, and three bytes one by one.
        rows = pixels[::step]
        if rows.shape[2] == 3:
            rows = np.asarray(cv2.cvtColor(rows, cv2.COLOR_BGR2BGRA), np.uint8)
        pixels = np.ascontiguousarray(rows.view("<u4")[:, ::step]).view(np.uint8)
    if pixels.shape[2] == 3:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8)


def _is_colourless(pixels: Pixels) -> bool:
    """Tell whether all channels are equal; then none of them shows more than luminance does."""
    blue, green, red = cv2.split(pixels)
    return np.array_equal(blue, green) and np.array_equal(red, green)


def _clearest_channel(pixels: Pixels) -> int | None:
    """Name the channel of a BGR picture that shows much more than luminance."""
    # The same size for every picture, so that the blur is as wide beside any stroke.
    small = cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
    luminance = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    *detail, usual = _details(np.dstack((small, luminance)))
    best = int(np.argmax(detail))
    # One grey level more, so that rounding in a colourless picture never decides.
    return best if detail[best] > PARAMETERS.colour_gain * usual + 1 else None


def _details(channels: NDArray[np.float32]) -> list[float]:
    """Standard deviation of what a wide blur leaves behind in each channel, in grey levels."""
    rest = channels - cv2.GaussianBlur(channels, (0, 0), 8)
    return [float(value) for value in cv2.meanStdDev(rest)[1].ravel()]


def _flattened(pixels: Pixels) -> Pixels:
    """Lay a transparent picture on a ground that its ink stands out against.

    If all that shows has one colour, the shape is in the transparency, whether the ink is black
    or white. Otherwise the ground continues the colour that shows most: the paper.
    """
    if pixels.view("<u4").min() >= _OPAQUE:
        return pixels
    alpha = np.asarray(cv2.extractChannel(pixels, 3), np.uint8)
    colours = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8)
    shown = colours[alpha >= 128]
    if not shown.size:
        return alpha
    # Percentiles, because the rim of a stroke mixes colours in a few pixels.
    low, middle, high = np.percentile(shown, (2, 50, 98), axis=0)
    if (high - low).max() < 2 * PARAMETERS.least_contrast:
        return alpha
    weight = alpha[:, :, None].astype(np.float32) / 255
    return np.asarray((colours * weight + middle * (1 - weight)).round(), np.uint8)
