"""Images that are in MNIST's format already and must pass untouched.

Processing such an image again costs accuracy, and nearly all images of a batch may be like this,
so everything here is chosen for speed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import SIDE, Image, Images, ImageWarning
from mnist.images.parameters import PARAMETERS
from mnist.images.results import Decoded, Pipeline, Plane, Source

_TWO_BY_TWO = np.ones((2, 2), np.uint8)
_COORDINATES = np.arange(SIDE, dtype=np.float32)
_MOMENTS = np.stack(
    [np.ones((SIDE, SIDE)), *np.meshgrid(_COORDINATES, _COORDINATES)], axis=-1, dtype=np.float32
).reshape(-1, 3)
"""Of a pixel in the moments 00, 10 and 01; float32 holds such sums of 28x28 bytes exactly."""


def as_native(plane: Plane) -> Image | None:
    """Return the 28x28 image if it, or its exact inverse, is as MNIST's own images are.

    People draw at 28x28 too: off centre, too small, on grey, with a pen of one pixel. That needs
    processing, whether the ink is light or dark.
    """
    if plane.shape != (SIDE, SIDE):
        return None
    for image in (plane, np.bitwise_not(plane)):
        # Its size first: few drawings of 28x28 have it, and all else takes ten times as long.
        _, mask = cv2.threshold(image, PARAMETERS.native_ground, 1, cv2.THRESH_BINARY)
        has_size = 0 <= PARAMETERS.box_side - max(cv2.boundingRect(mask)[2:]) <= 1
        if has_size and _are_native(image[None])[0]:
            return image
    return None


def native_results(planes: Images) -> list[Decoded | None]:
    """Give what `decode` gives for images that are in MNIST's format; None for the other ones.

    All are looked at together: an image costs less than a third of what it costs alone.

    Args:
        planes: Grey pictures of 28x28 pixels, shape (n, 28, 28), uint8, ink of either polarity.
    """
    images, are_native = _light_on_dark(planes)
    sources = Source.of_many(planes)
    outlines = _outlines(images)
    return [
        Decoded(image, native_warnings(image) if pieces > 1 else (), Pipeline.STANDARD, source)
        if is_native
        else None
        for image, is_native, pieces, source in zip(
            images, are_native.tolist(), outlines, sources, strict=True
        )
    ]


def native_warnings(image: Image) -> tuple[ImageWarning, ...]:
    """Name what is odd about a native image; quick for the usual single outline."""
    warnings = []
    _, mask = cv2.threshold(image, PARAMETERS.native_ink, 1, cv2.THRESH_BINARY)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) > 1:
        tallest, second = sorted((cv2.boundingRect(o)[3] for o in outlines), reverse=True)[:2]
        # Nearly as tall: two digits. Dust, and the bar over a 5, are not.
        if second >= PARAMETERS.rival_height * tallest:
            warnings.append(ImageWarning.SEVERAL_COMPONENTS)
        if len(outlines) > PARAMETERS.native_pieces:
            warnings.append(ImageWarning.NOISY)
    return tuple(warnings)


def _light_on_dark(planes: Images) -> tuple[Images, NDArray[np.bool_]]:
    """Invert the images that are native only as negatives; tell which ones are native at all."""
    are_native = _are_native(planes)
    if are_native.all():
        return planes, are_native
    inverted = np.bitwise_not(planes)  # exactly 255 - value, so nothing is lost
    as_negatives = ~are_native & _are_native(inverted)
    return np.where(as_negatives[:, None, None], inverted, planes), are_native | as_negatives


def _are_native(images: Images) -> NDArray[np.bool_]:
    """Tell whether ground, size, middle and pen are what all of MNIST's 70,000 images have.

    There the longer side is 20 pixels (16 times 19), the centre of mass within .52 pixels of the
    middle, the brightest ink at least 254, and nothing is written with a pen of one pixel.

    Args:
        images: Shape (n, 28, 28), uint8.

    Returns:
        Shape (n,).
    """
    pixels = images.reshape(len(images), -1)
    mask = images > PARAMETERS.native_ground
    longest = np.maximum(*(_extent(np.logical_or.reduce(mask, axis=axis)) for axis in (1, 2)))
    mass, *first = (pixels.astype(np.float32) @ _MOMENTS).T.astype(np.float64)
    off = np.abs(np.array(first) / np.maximum(mass, 1) - SIDE / 2).max(axis=0)
    squares = cv2.erode(_column(images, between=255), _TWO_BY_TWO).reshape(len(images), -1)
    return np.asarray(
        (pixels.max(axis=1) >= PARAMETERS.native_brightest)
        & (longest >= PARAMETERS.box_side - 1)
        & (longest <= PARAMETERS.box_side)
        & (off <= PARAMETERS.native_off_centre)
        & (squares[:, SIDE:].max(axis=1) >= PARAMETERS.native_pen)
    )


def _extent(are_inked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Count lines from the first to the last with ink, shape (n, 28) to (n,); 0 without any."""
    ends = SIDE - are_inked[:, ::-1].argmax(axis=1)
    return np.where(are_inked.any(axis=1), ends - are_inked.argmax(axis=1), 0)


def _outlines(images: Images) -> list[int]:
    """Count the outlines of ink of each image, all at once."""
    column = _column(images > PARAMETERS.native_ink, between=0)
    outlines, _ = cv2.findContours(column, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    images_of = [int(outline[0, 0, 1]) // (SIDE + 1) for outline in outlines]
    counts: list[int] = np.bincount(images_of, minlength=len(images)).tolist()
    return counts


def _column(images: NDArray[np.uint8 | np.bool_], *, between: int) -> Plane:
    """Put n images below each other, shape (n * 29, 28), with a row of one value above each."""
    column = np.full((len(images), SIDE + 1, SIDE), between, np.uint8)
    column[:, 1:] = images
    return column.reshape(-1, SIDE)
