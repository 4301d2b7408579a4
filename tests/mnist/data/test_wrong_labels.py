"""Labels that people found wrong: left out wherever they come from, and on record."""

import hashlib

import numpy as np
import pytest

from mnist.data.added import HANDS, AddedImages
from mnist.data.datasets import load_sklearn_digits
from mnist.data.digests import pixel_digests
from mnist.data.labelled import LabelledImages
from mnist.data.reviewed import ReviewedLabels
from mnist.data.training_data import load_training_data
from mnist.data.wrong_labels import WRONG_LABEL, WrongLabels

LOST = {WRONG_LABEL: 1}


@pytest.fixture(autouse=True)
def without_mnist(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("mnist.data.datasets._download", lambda _path: False)


def load(wrong=(), **values):
    return load_training_data(None, 0, wrong=WrongLabels(wrong), fallback=True, **values)


def pair(images: LabelledImages, row: int) -> tuple[str, int]:
    sha256 = hashlib.sha256(images.images[row].tobytes()).hexdigest()
    return sha256, int(images.labels[row])


def drawn(count: int) -> LabelledImages:
    images = np.zeros((count, 28, 28), np.uint8)
    images[np.arange(count), 0, np.arange(count)] = 255
    return LabelledImages(images, np.arange(count) % 10)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_an_image_of_the_dataset_is_left_out_and_all_others_stay_where_they_are(part):
    plain = load()
    less = load([pair(getattr(plain, part), 5)])
    for name in ("train", "validation"):
        before, after = getattr(plain, name), getattr(less, name)
        rows = np.delete(np.arange(before.n), 5) if name == part else np.arange(before.n)
        assert after.digest == before.take(rows).digest
    assert less.dataset.train.n == plain.dataset.train.n - 1
    assert less.sources[0]["left_out"] == LOST
    assert less.sources[0]["images"] == less.train.n
    assert less.digest != plain.digest


def test_with_another_label_the_image_is_learned_from():
    plain = load()
    sha256, label = pair(plain.train, 5)
    same = load([(sha256, (label + 1) % 10)])
    assert same.train.digest == plain.train.digest
    assert same.sources == plain.sources


def test_added_images_lose_it_and_still_know_their_originals():
    images = drawn(6)
    hands = AddedImages("usps", HANDS, images, "d" * 64, originals=np.arange(6) // 2)
    data = load([pair(images, 1)], add=lambda _test: [hands])
    assert data.sources[-1]["left_out"] == LOST
    assert data.added[0].originals.tolist() == [0, 1, 1, 2, 2]


def test_a_source_of_which_nothing_is_left_is_none():
    images = drawn(1)
    data = load([pair(images, 0)], add=lambda _test: [AddedImages("a", HANDS, images, "d" * 64)])
    assert data.added == []


def test_a_reviewed_label_waits_until_another_one_is_agreed_on():
    images = drawn(2)
    reviewed = ReviewedLabels(images, ("a", "b"), (("ada",),) * 2)
    data = load([pair(images, 0)], reviewed=reviewed)
    assert data.reviewed.keys == ("b",)
    assert data.reviewed.left_out == LOST


def test_every_training_image_has_a_source_and_copies_of_a_digit_one_number():
    reviewed = ReviewedLabels(drawn(2), ("a", "b"), (("ada",),) * 2)
    hands = [
        AddedImages(name, HANDS, drawn(4), "d" * 64, originals=np.array([0, 7, 0, 7]))
        for name in ("semeion", "unipen")
    ]
    data = load(reviewed=reviewed, add=lambda _test: hands)
    own, images = load_sklearn_digits().train.n, data.dataset.train
    names = ["sklearn-digits", "reviewed labels", "public hands semeion", "public hands unipen"]
    counted = np.repeat(names, [own, 2, 4, 4]).tolist()
    assert data.source_of_rows == counted
    assert np.array_equal(
        pixel_digests(images.images[data.rows_of_reviewed]), pixel_digests(drawn(2).images)
    )
    numbers = data.originals
    assert len(numbers) == images.n
    assert len(np.unique(numbers[:-8])) == own + 2
    assert len(np.unique(numbers)) == own + 2 + 4
    assert numbers[-8] == numbers[-6] != numbers[-7] == numbers[-5]
