"""Named slices of test images: thin and thick strokes, slant, size, and groups of writers.

A model that is better on average can be worse on one of these. Slices depend on images, labels and
writers alone, so they are the same for every model.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import Images, Labels
from mnist.errors import InvalidInput

_INK = 64
"""Grey level from which a pixel counts as ink."""

_TAIL = 0.1
"""Share of the images in each slice of strokes, slant and size."""

_FIRST_STUDENT = 2_100
"""NIST Special Database 19: writers 2100-2599 (partition HSF 4) are high-school students, lower
numbers are employees of the Census Bureau."""

Measurements = NDArray[np.float64]
"""One number per image, shape (n,)."""


def named_slices(images: Images, writers: Labels | None = None) -> dict[str, NDArray[np.bool_]]:
    """Return which images belong to each slice.

    Args:
        images: Shape (n, 28, 28), uint8, bright ink on dark ground, n > 0.
        writers: NIST's number of each writer, shape (n,), as QMNIST gives it, or None.

    Returns:
        Name -> mask of shape (n,), each with at least one image. Writer groups only if both occur.

    Raises:
        InvalidInput: If there are no images, or not one writer per image.
    """
    if len(images) == 0 or (writers is not None and writers.shape != (len(images),)):
        raise InvalidInput(
            f"There are {len(images)} images and "
            f"{'no' if writers is None else len(writers)} writers, expected at least one image "
            "and, where writers are known, one for each."
        )
    width, slant, size = stroke_widths(images), slants(images), sizes(images)
    slices = {
        "thin strokes": lowest(width),
        "thick strokes": lowest(-width),
        "slanted left": lowest(slant),
        "slanted right": lowest(-slant),
        "small": lowest(size),
    }
    if writers is not None:
        students = writers >= _FIRST_STUDENT
        if students.any() and not students.all():
            slices |= {"written by students": students, "written by employees": ~students}
    return slices


def stroke_widths(images: Images) -> Measurements:
    """Return the mean stroke width in pixels, shape (n,); 0 without ink.

    Twice the ink area over the length of its outline, which is right for a long stroke.
    """

    def width(ink: NDArray[np.uint8]) -> float:
        outlines, _ = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        length = sum(cv2.arcLength(outline, closed=True) for outline in outlines)
        return 2 * float(ink.sum()) / length if length else 0.0

    return np.array([width(ink) for ink in _ink(images)])


def slants(images: Images) -> Measurements:
    """Return how far the ink leans right per pixel of height, shape (n,); negative leans left.

    From second moments, as in the deslanting of handwriting (LeCun et al. 1998).
    """
    moments = [cv2.moments(image) for image in images]
    return np.array([-m["mu11"] / m["mu02"] if m["mu02"] else 0.0 for m in moments])


def sizes(images: Images) -> Measurements:
    """Return the diagonal of the box around the ink in pixels, shape (n,); 0 without ink.

    MNIST's digits fill a box 20 pixels high or wide, so there the smallest are the narrow ones.
    """
    return np.array([math.hypot(*cv2.boundingRect(ink)[2:]) for ink in _ink(images)])


def ink_levels(images: Images) -> Measurements:
    """Return the mean grey level of the ink, shape (n,), 0-255; 0 without ink."""
    ink = _ink(images).astype(bool)
    totals = np.where(ink, images, 0).sum(axis=(1, 2), dtype=np.float64)
    return np.asarray(totals / np.maximum(ink.sum(axis=(1, 2)), 1))


def box_centres(images: Images) -> tuple[Measurements, Measurements]:
    """Return where the centre of the box around the ink lies, in pixels from the left and the top.

    Of digits that are centred by their weight it says to which side the lighter part reaches.
    """
    boxes = np.array([cv2.boundingRect(ink) for ink in _ink(images)], np.float64)
    return boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2


def _ink(images: Images) -> NDArray[np.uint8]:
    return (images >= _INK).astype(np.uint8)


def lowest(values: Measurements) -> NDArray[np.bool_]:
    """Choose the tenth with the lowest values, at least one image; ties go by position."""
    chosen = np.zeros(len(values), dtype=bool)
    chosen[np.argsort(values, kind="stable")[: max(1, round(_TAIL * len(values)))]] = True
    return chosen
