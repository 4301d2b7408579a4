"""Splits: stratified, repeatable, and nothing lost."""

import numpy as np
import pytest

from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.errors import InvalidDataset


def numbered(labels: np.ndarray) -> LabelledImages:
    """Images that carry their own row number in their first pixels."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(len(labels)) // 256
    images[:, 0, 1] = np.arange(len(labels)) % 256
    return LabelledImages(images, labels.astype(np.int64))


def rows(data: LabelledImages) -> list[int]:
    return (data.images[:, 0, 0].astype(int) * 256 + data.images[:, 0, 1]).tolist()


LABELS = np.repeat(np.arange(10), np.arange(12, 122, 12)[:10])
DATA = numbered(LABELS)


def test_every_image_is_on_exactly_one_side_with_its_label() -> None:
    train, validation = split(DATA, seed=1)
    assert sorted(rows(train) + rows(validation)) == list(range(DATA.n))
    for part in (train, validation):
        np.testing.assert_array_equal(part.labels, LABELS[rows(part)])


def test_each_digit_keeps_its_share() -> None:
    _, validation = split(DATA, seed=1, validation_share=0.25)
    counts = np.bincount(validation.labels, minlength=10)
    np.testing.assert_allclose(counts, np.bincount(LABELS) * 0.25, atol=1)


def test_the_default_takes_five_thousand_of_mnists_sixty_thousand() -> None:
    mnist_sized = LabelledImages(np.zeros((60_000, 28, 28), np.uint8), np.arange(60_000) % 10)
    train, validation = split(mnist_sized, seed=0)
    assert (train.n, validation.n) == (55_000, 5_000)


def test_the_seed_decides() -> None:
    assert rows(split(DATA, seed=3)[1]) == rows(split(DATA, seed=3)[1])
    assert rows(split(DATA, seed=3)[1]) != rows(split(DATA, seed=4)[1])


def test_a_missing_digit_does_not_matter_here() -> None:
    train, validation = split(numbered(LABELS[LABELS != 4]), seed=0)
    assert 4 not in train.labels
    assert set(validation.labels) == set(range(10)) - {4}


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_refuses_an_impossible_share(share: float) -> None:
    with pytest.raises(InvalidDataset, match=f"share is {share}; expected .* between"):
        split(DATA, seed=0, validation_share=share)


@pytest.mark.parametrize(
    "labels", [np.arange(10), np.append(np.repeat(np.arange(9), 20), 9), np.arange(20) % 10]
)
def test_refuses_data_too_small_for_every_digit_on_both_sides(labels: np.ndarray) -> None:
    with pytest.raises(InvalidDataset, match="cannot be cut"):
        split(numbered(labels), seed=0)
