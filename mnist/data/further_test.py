"""QMNIST's further test images: the 50,000 of NIST's that MNIST left out of its test set.

Yadav and Bottou (2019, "Cold Case: The Lost MNIST Digits") rebuilt all 60,000; the first 10,000 are
MNIST's own, the others have never selected a model here.
"""

from pathlib import Path

import numpy as np

from mnist.data.datasets import read_idx
from mnist.data.labelled import LabelledImages
from mnist.digits import SIDE, Labels
from mnist.errors import InvalidDataset

IMAGES = "qmnist-test-images-idx3-ubyte.gz"
LABELS = "qmnist-test-labels-idx2-int.gz"


def load_further_test(data_dir: Path | None, test_labels: Labels) -> LabelledImages | None:
    """Load the further test images, where both of QMNIST's test files lie beside MNIST's.

    Args:
        data_dir: Folder of MNIST's files; None if there is none.
        test_labels: Labels of MNIST's test images, which QMNIST's begin with.

    Returns:
        The images, with their writers; None without the file of images.

    Raises:
        InvalidDataset: If the files are damaged, or not what they claim to be.
    """
    if data_dir is None or not (data_dir / IMAGES).is_file():
        return None
    images, rows = read_idx(data_dir / IMAGES), read_idx(data_dir / LABELS)
    first = len(test_labels)
    is_whole = (
        images.shape[1:] == (SIDE, SIDE)
        and rows.ndim == 2
        and rows.shape[1] > 2
        and len(images) == len(rows) > first
        and np.array_equal(rows[:first, 0], test_labels)
    )
    if not is_whole:
        raise InvalidDataset(
            f"{data_dir / IMAGES} of shape {images.shape} and {LABELS} of shape {rows.shape} are "
            f"not QMNIST's test set, which begins with MNIST's {first:,} test images. Fetch both "
            "again, or remove the images."
        )
    return LabelledImages(
        images[first:].astype(np.uint8),
        rows[first:, 0].astype(np.int64),
        rows[first:, 2].astype(np.int64),
    )
