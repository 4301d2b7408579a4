"""Checks of data, made before time is spent on it."""

import numpy as np
import pytest

from mnist.data.checks import check_classes, find_duplicates
from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidDataset


def images(n: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 28, 28)).astype(np.uint8)


def test_names_the_digits_that_are_missing() -> None:
    labels = np.arange(30, dtype=np.int64) % 10
    present = LabelledImages(images(30), np.where(labels == 4, 3, labels))
    with pytest.raises(InvalidDataset, match=r"digits \[4\].*\[3, 3, 3, 6, 0"):
        check_classes(present, name="training data")


def test_finds_test_images_that_were_trained_on() -> None:
    pixels = images(20)
    train = LabelledImages(pixels[:12], np.zeros(12, np.int64))
    test = LabelledImages(pixels[[15, 4, 16, 0]], np.ones(4, np.int64))
    assert find_duplicates(train, test).tolist() == [[4, 1], [0, 3]]
    assert find_duplicates(train, test.take(np.array([0, 2]))).shape == (0, 2)
