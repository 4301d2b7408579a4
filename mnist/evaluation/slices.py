"""Named slices of test images: thin and thick strokes, slant, size, and groups of writers.

A model that is better on average can be worse on one of these. Slices depend on images, labels and
writers alone, so they are the same for every model.
"""

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Images, Labels
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
        "thin strokes": _lowest(width),
        "thick strokes": _lowest(-width),
        "slanted left": _lowest(slant),
        "slanted right": _lowest(-slant),
        "small": _lowest(size),
    }
    if writers is not None:
        students = writers >= _FIRST_STUDENT
        if students.any() and not students.all():
            slices |= {"written by students": students, "written by employees": ~students}
    return slices


def crossed_slices(
    images: Images, labels: Labels, writers: Labels | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Return the named slices, the ten digits, and each digit within each named slice.

    Args:
        images: As for `named_slices`.
        labels: True digits, shape (n,).
        writers: As for `named_slices`.

    Returns:
        Name -> mask of shape (n,), each with at least one image: `small`, `digit 4`,
        `digit 4, small`.
    """
    named = named_slices(images, writers)
    digits = {f"digit {digit}": labels == digit for digit in range(CLASSES)}
    both = {
        f"{of_digit}, {name}": mask & digit_mask
        for of_digit, digit_mask in digits.items()
        for name, mask in named.items()
    }
    return {name: mask for name, mask in (named | digits | both).items() if mask.any()}


def slices_with(
    names: Iterable[str], images: Images, labels: Labels, writers: Labels | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Return the named slices, and of the crossed ones those in `names`."""
    named = named_slices(images, writers)
    missing = set(names) - named.keys()
    if not missing:
        return named
    crossed = crossed_slices(images, labels, writers)
    return named | {name: mask for name, mask in crossed.items() if name in missing}


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


def _ink(images: Images) -> NDArray[np.uint8]:
    return (images >= _INK).astype(np.uint8)


def _lowest(values: Measurements) -> NDArray[np.bool_]:
    """Choose the tenth with the lowest values, at least one image; ties go by position."""
    chosen = np.zeros(len(values), dtype=bool)
    chosen[np.argsort(values, kind="stable")[: max(1, round(_TAIL * len(values)))]] = True
    return chosen
