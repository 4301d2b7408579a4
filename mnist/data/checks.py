"""Checks of training and test data that name the offending rows, made before time is spent."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, SIDE
from mnist.errors import InvalidDataset

_ROWS_NAMED = 10


def check_arrays(images: NDArray[Any], labels: NDArray[Any], *, name: str) -> LabelledImages:
    """Turn raw arrays into labelled images, or say what is wrong with which rows.

    Args:
        images: Shape (n, 28, 28), any number type, values 0-255, bright ink on dark ground.
        labels: Shape (n,), any number type, whole numbers 0-9.
        name: What to call the data in an error, such as "training data".

    Returns:
        The same data as uint8 images and int64 labels.

    Raises:
        InvalidDataset: If shapes, pixels or labels are wrong, or a digit has no image at all.
    """
    _check_shapes(images, labels, name)
    flat = images.reshape(len(images), -1)
    _refuse_rows(~np.isfinite(flat).all(axis=1), name, "have NaN or infinite pixels", "0 to 255")
    _refuse_rows(
        (flat.min(axis=1) < 0) | (flat.max(axis=1) > 255),
        name,
        "have pixels out of range",
        "0 to 255",
    )
    if images.dtype.kind == "f" and flat.max() <= 1:
        raise InvalidDataset(
            f"The brightest pixel of the {name} is {flat.max():g}, so the images seem to be "
            "rescaled to 0-1. Give raw pixels, 0 to 255; rescaling is part of the network."
        )
    whole = np.isfinite(labels) & (labels == np.floor(labels))
    _refuse_rows(~whole, name, "have a label that is no whole number", "0 to 9")
    _refuse_rows((labels < 0) | (labels >= CLASSES), name, "have a label out of range", "0 to 9")
    data = LabelledImages(np.rint(images).astype(np.uint8), labels.astype(np.int64))
    check_classes(data, name=name)
    return data


def check_classes(data: LabelledImages, *, name: str) -> None:
    """Refuse data in which a digit never appears.

    Raises:
        InvalidDataset: Naming the digits that are missing.
    """
    counts = np.bincount(data.labels, minlength=CLASSES)
    missing = np.flatnonzero(counts == 0).tolist()
    if missing:
        raise InvalidDataset(
            f"The {name} has no image of the digits {missing} (images of 0-9: "
            f"{counts.tolist()}). Add some; a network cannot learn what it never sees."
        )


def find_duplicates(train: LabelledImages, test: LabelledImages) -> NDArray[np.int64]:
    """Find test images that are also training images, pixel for pixel.

    Returns:
        Pairs of rows (training row, test row), shape (k, 2), the first training row of each.
    """
    known: dict[bytes, int] = {}
    for row, image in enumerate(train.images):
        known.setdefault(image.tobytes(), row)
    pairs = [
        (known[key], row)
        for row, key in enumerate(image.tobytes() for image in test.images)
        if key in known
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _check_shapes(images: NDArray[Any], labels: NDArray[Any], name: str) -> None:
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise InvalidDataset(
            f"The images of the {name} have shape {images.shape}; expected "
            f"(n, {SIDE}, {SIDE}) with n > 0."
        )
    if labels.shape != images.shape[:1]:
        raise InvalidDataset(
            f"The {name} has {len(images)} images, but labels of shape {labels.shape}; expected "
            f"({len(images)},)."
        )


def _refuse_rows(wrong: NDArray[np.bool_], name: str, problem: str, expected: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        named = ", ".join(str(row) for row in rows[:_ROWS_NAMED])
        more = f" and {rows.size - _ROWS_NAMED:,} more" if rows.size > _ROWS_NAMED else ""
        raise InvalidDataset(
            f"{rows.size:,} rows of the {name} {problem} (expected {expected}): rows "
            f"{named}{more}. Repair or remove them."
        )
