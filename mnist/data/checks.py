"""Checks of training and test data, made before time is spent."""

import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES
from mnist.errors import InvalidDataset


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
    first_row: dict[bytes, int] = {}
    for row, image in enumerate(train.images):
        first_row.setdefault(image.tobytes(), row)
    pairs = [
        (first_row[pixels], row)
        for row, pixels in enumerate(image.tobytes() for image in test.images)
        if pixels in first_row
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)
