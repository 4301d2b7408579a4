"""The data gate: what is refused before any time is spent on it."""

import numpy as np
import pytest

from mnist.data.datasets import Dataset, load_sklearn_digits
from mnist.data.labelled import LabelledImages, concatenate
from mnist.data.splits import split
from mnist.data.training_data import TrainingData, check_training_data
from mnist.errors import InvalidDataset


@pytest.fixture(scope="module")
def digits():
    return load_sklearn_digits()


def cut(train, test):
    return TrainingData(Dataset(train, test, "tests"), *split(train, seed=0))


def test_sound_data_passes(digits):
    check_training_data(cut(digits.train, digits.test))


def test_a_test_image_among_the_training_images_is_named(digits):
    leaked = LabelledImages(digits.test.images[7:8], digits.test.labels[7:8])
    with pytest.raises(InvalidDataset, match=rf"1 test images .*{digits.train.n} = 7"):
        check_training_data(cut(concatenate([digits.train, leaked]), digits.test))


def test_a_digit_that_the_test_never_shows_is_named(digits):
    without = digits.test.take(np.flatnonzero(digits.test.labels != 4))
    with pytest.raises(InvalidDataset, match=r"test data has no image of the digits \[4\]"):
        check_training_data(cut(digits.train, without))
