"""Cutting training data in two: images to learn from, images to select by."""

import numpy as np
from sklearn.model_selection import train_test_split

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES
from mnist.errors import InvalidDataset


def split(
    data: LabelledImages, *, seed: int, validation_share: float = 1 / 12
) -> tuple[LabelledImages, LabelledImages]:
    """Cut off a validation set that has each digit in the same proportion.

    The default share takes 5,000 of MNIST's 60,000 training images, the field's usual
    validation set. The same seed gives the same two sets, in the same order.

    Args:
        data: What to cut; every digit it has must appear at least twice.
        seed: Which of the possible cuts to take.
        validation_share: Part of the images for validation, strictly between 0 and 1.

    Returns:
        Training images, validation images.

    Raises:
        InvalidDataset: If the share is impossible or an image set that small cannot be
            stratified.
    """
    if not 0 < validation_share < 1:
        raise InvalidDataset(
            f"The validation share is {validation_share}; expected a number strictly between "
            "0 and 1, such as 0.1."
        )
    counts = np.bincount(data.labels, minlength=CLASSES)
    lonely = np.flatnonzero(counts == 1)
    validation = round(data.n * validation_share)
    present = int((counts > 0).sum())
    if lonely.size or min(validation, data.n - validation) < present:
        raise InvalidDataset(
            f"{data.n} images with {counts.tolist()} of the digits 0-9 cannot be cut into "
            f"{data.n - validation} and {validation} with every digit on both sides. Give more "
            "images of each digit, or another validation share."
        )
    kept, held_out = train_test_split(
        np.arange(data.n), test_size=validation, random_state=seed, stratify=data.labels
    )
    return data.take(kept), data.take(held_out)
