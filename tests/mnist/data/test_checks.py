"""Data care: bad rows are named before any time is spent on them."""

import numpy as np
import pytest

from mnist.data.checks import check_arrays, check_classes, find_duplicates
from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidDataset


def images(n: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 28, 28)).astype(np.float64)


def labels(n: int = 30) -> np.ndarray:
    return np.arange(n) % 10


def test_good_arrays_of_any_number_type_become_labelled_images() -> None:
    data = check_arrays(images(), labels().astype(np.float32), name="training data")
    np.testing.assert_array_equal(data.images, images())
    np.testing.assert_array_equal(data.labels, labels())


@pytest.mark.parametrize(
    ("value", "complaint"),
    [(np.nan, "NaN or infinite"), (np.inf, "NaN or infinite"), (-1, "range"), (256, "range")],
)
def test_names_the_rows_with_impossible_pixels(value: float, complaint: str) -> None:
    bad = images()
    bad[[3, 17], 5, 5] = value
    with pytest.raises(InvalidDataset, match=f"2 rows of the training data .*{complaint}.*3, 17"):
        check_arrays(bad, labels(), name="training data")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [(np.nan, "no whole number"), (2.5, "no whole number"), (10, "range"), (-1, "range")],
)
def test_names_the_rows_with_impossible_labels(value: float, complaint: str) -> None:
    bad = labels().astype(np.float64)
    bad[8] = value
    with pytest.raises(InvalidDataset, match=f"1 rows of the test data .*{complaint}.*rows 8"):
        check_arrays(images(), bad, name="test data")


def test_counts_what_it_does_not_name() -> None:
    bad = images()
    bad[:25] = np.nan
    with pytest.raises(InvalidDataset, match=r"25 rows .* 8, 9 and 15 more"):
        check_arrays(bad, labels(), name="training data")


def test_refuses_images_that_were_rescaled_already() -> None:
    with pytest.raises(InvalidDataset, match=r"brightest pixel .* 1, .*0 to 255"):
        check_arrays(images() / 255, labels(), name="training data")


def test_names_the_digits_that_are_missing() -> None:
    present = LabelledImages(
        images(30).astype(np.uint8), np.where(labels() == 4, 3, labels()).astype(np.int64)
    )
    with pytest.raises(InvalidDataset, match=r"digits \[4\].*\[3, 3, 3, 6, 0"):
        check_classes(present, name="training data")
    with pytest.raises(InvalidDataset, match=r"digits \[4\]"):
        check_arrays(present.images, present.labels, name="training data")


@pytest.mark.parametrize(
    ("pixels", "digits", "complaint"),
    [
        (np.zeros((3, 784)), np.zeros(3), r"shape \(3, 784\)"),
        (np.zeros((0, 28, 28)), np.zeros(0), "n > 0"),
        (np.zeros((3, 28, 28)), np.zeros(4), r"3 images, but labels of shape \(4,\)"),
    ],
)
def test_refuses_shapes_that_do_not_fit(
    pixels: np.ndarray, digits: np.ndarray, complaint: str
) -> None:
    with pytest.raises(InvalidDataset, match=complaint):
        check_arrays(pixels, digits, name="training data")


def test_finds_test_images_that_were_trained_on() -> None:
    pixels = images(20).astype(np.uint8)
    train = LabelledImages(pixels[:12], np.zeros(12, np.int64))
    test = LabelledImages(pixels[[15, 4, 16, 0]], np.ones(4, np.int64))
    assert find_duplicates(train, test).tolist() == [[4, 1], [0, 3]]
    assert find_duplicates(train, test.take(np.array([0, 2]))).shape == (0, 2)
