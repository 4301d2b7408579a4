"""The profile of a set of images: numbers that can be checked by hand."""

import numpy as np
import pytest

from mnist.data.datasets import Dataset, load_sklearn_digits
from mnist.data.description import describe, profile, stroke_widths
from mnist.data.labelled import LabelledImages, concatenate
from mnist.data.training_data import TrainingData


def bar(width: int, value: int = 255) -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[10 : 10 + width] = value
    return image


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8])
def test_a_stripe_is_as_wide_as_it_was_drawn(width: int) -> None:
    assert stroke_widths(bar(width)[None])[0] == pytest.approx(width, abs=0.3)


def test_an_image_without_ink_has_no_stroke() -> None:
    assert stroke_widths(bar(3, value=90)[None]).tolist() == [0]


def test_counts_and_means_are_taken_digit_by_digit() -> None:
    data = LabelledImages(
        np.stack([bar(2, 100), bar(2, 200), bar(28, 255)]), np.array([3, 3, 7], np.int64)
    )
    measured = profile(data)
    assert measured.class_counts.tolist() == [0, 0, 0, 2, 0, 0, 0, 1, 0, 0]
    assert measured.mean_images[3][10, 0] == 150
    assert measured.mean_images[7][20, 20] == 255
    assert not measured.mean_images[0].any()
    assert measured.brightness == pytest.approx([2 / 28 * 100, 2 / 28 * 200, bar(28, 255).mean()])
    assert measured.pixel_mean == pytest.approx(data.images.mean())
    assert measured.summary()["images_of_3"] == 2


def test_a_training_is_described_with_what_occurs_twice() -> None:
    digits = load_sklearn_digits()
    twice = concatenate([digits.train, digits.train.take(np.arange(3))])
    leaked = LabelledImages(
        np.concatenate([twice.images, digits.test.images[:2]]),
        np.concatenate([twice.labels, digits.test.labels[:2]]),
    )
    usual = describe(TrainingData(digits, digits.train, digits.train)).metrics
    repeated = describe(
        TrainingData(Dataset(leaked, digits.test, "tests"), digits.train, digits.train)
    )
    assert (
        repeated.metrics["training_images_repeated"] - usual["training_images_repeated"],
        repeated.metrics["test_images_also_in_training"] - usual["test_images_also_in_training"],
    ) == (3, 2)
    assert repeated.metrics["test_images"] == digits.test.n
    assert all(content.startswith(b"\x89PNG") for content in repeated.files.values())
    assert len(repeated.files) == 4
