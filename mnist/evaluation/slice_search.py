"""Slices that nobody has listed: every value of an attribute, and every pair of two attributes.

What is worse than the rest among so many is for `mnist.evaluation.weak_slices` to say, which
corrects for having looked at all of them.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Images, Labels
from mnist.evaluation.slices import (
    box_centres,
    ink_levels,
    lowest,
    named_slices,
    sizes,
    slants,
    stroke_widths,
)

Masks = dict[str, NDArray[np.bool_]]
"""Name of a slice -> which images belong to it, shape (n,)."""

Attributes = Mapping[str, Masks]
"""Attribute -> its values, each a slice."""

_LEAST_OF_A_WRITER = 30
"""Writers of fewer images are no slices of their own: nothing could be told of them."""


def image_attributes(images: Images, labels: Labels) -> dict[str, Masks]:
    """Tell images apart by what is known of any image with a label.

    Args:
        images: Shape (n, 28, 28), uint8, bright ink on dark ground, n > 0.
        labels: True digits, shape (n,).
    """
    width, slant, size = stroke_widths(images), slants(images), sizes(images)
    level, (across, down) = ink_levels(images), box_centres(images)
    return {
        "digit": {f"digit {digit}": labels == digit for digit in range(CLASSES)},
        "stroke": {"thin strokes": lowest(width), "thick strokes": lowest(-width)},
        "slant": {"slanted left": lowest(slant), "slanted right": lowest(-slant)},
        "size": {"small": lowest(size), "large": lowest(-size)},
        "ink": {"faint ink": lowest(level), "strong ink": lowest(-level)},
        "place across": {"reaching left": lowest(across), "reaching right": lowest(-across)},
        "place down": {"reaching up": lowest(down), "reaching down": lowest(-down)},
    }


def extremes(values: NDArray[np.float64], low: str, high: str) -> Masks:
    """Choose the tenths with the lowest and the highest values; NaN belongs to neither.

    Args:
        values: Shape (n,).
        low: Name of the lowest tenth.
        high: Name of the highest.
    """
    is_known = np.isfinite(values)
    if not is_known.any():
        return {}
    masks = {}
    for name, sign in ((low, 1.0), (high, -1.0)):
        mask = np.zeros(len(values), bool)
        mask[is_known] = lowest(sign * values[is_known])
        masks[name] = mask
    return masks


def crossed(attributes: Attributes) -> Masks:
    """Return every value, and every pair of values of two attributes, that some image has.

    Returns:
        Name -> mask of shape (n,): `digit 4`, `small`, `digit 4, small`.
    """
    slices = {name: mask for values in attributes.values() for name, mask in values.items()}
    for one, other in combinations(attributes.values(), 2):
        slices |= {
            f"{first}, {second}": mask & other_mask
            for first, mask in one.items()
            for second, other_mask in other.items()
        }
    return {name: mask for name, mask in slices.items() if mask.any()}


def crossed_slices(images: Images, labels: Labels, writers: Labels | None = None) -> Masks:
    """Return the slices of test images: attributes, pairs of them, and writers of many images.

    Args:
        images: As for `image_attributes`.
        labels: True digits, shape (n,).
        writers: NIST's number of each writer, shape (n,), or None.
    """
    attributes = image_attributes(images, labels)
    groups = {
        name: mask
        for name, mask in named_slices(images, writers).items()
        if not any(name in values for values in attributes.values())
    }
    return crossed({**attributes, "writers": groups}) | _single_writers(writers)


def slices_with(
    names: Iterable[str], images: Images, labels: Labels, writers: Labels | None = None
) -> Masks:
    """Return the named slices, and of the crossed ones those in `names`."""
    named = named_slices(images, writers)
    missing = set(names) - named.keys()
    if not missing:
        return named
    slices = crossed_slices(images, labels, writers)
    return named | {name: mask for name, mask in slices.items() if name in missing}


def _single_writers(writers: Labels | None) -> Masks:
    if writers is None:
        return {}
    numbers, counts = np.unique(writers, return_counts=True)
    frequent = numbers[counts >= _LEAST_OF_A_WRITER]
    return {f"writer {number}": writers == number for number in frequent}
