"""Reviewed images in a training: none change nothing, a few are repeated, many are cut."""

import numpy as np
import pytest

from mnist.data import training_data
from mnist.data.datasets import load_sklearn_digits
from mnist.data.labelled import LabelledImages
from mnist.data.reviewed import TEST_IMAGE, TOO_MANY, ReviewedLabels
from mnist.data.training_data import Shares, load_training_data
from tests.factories import digit_images


@pytest.fixture(autouse=True)
def digits(monkeypatch):
    bundled = load_sklearn_digits()
    monkeypatch.setattr(training_data, "load_dataset", lambda *_, **__: bundled)
    return bundled


def reviewed(labels, images=None, **values) -> ReviewedLabels:
    labels = np.asarray(labels, np.int64)
    images = digit_images(labels) if images is None else images
    keys = tuple(f"scans/{row}.png" for row in range(len(labels)))
    who = tuple(("ada", "bob") for _ in labels)
    return ReviewedLabels(LabelledImages(images, labels), keys, who, **values)


@pytest.mark.parametrize("nothing", [None, ReviewedLabels.none()])
def test_without_reviews_every_digest_is_the_same_as_ever(digits, nothing):
    plain, same = load_training_data(None, 0), load_training_data(None, 0, nothing)
    assert same.dataset.digest == plain.dataset.digest == digits.digest
    assert same.train.digest == plain.train.digest
    assert same.train is not digits.train


def test_reviewed_images_are_learnt_from_and_change_the_digests(digits):
    plain, more = load_training_data(None, 0), load_training_data(None, 0, reviewed([4, 7]))
    assert more.dataset.digest != plain.dataset.digest
    assert more.train.digest != plain.train.digest
    assert more.validation.digest == plain.validation.digest
    assert more.dataset.test is digits.test
    assert more.train.n == plain.train.n + 10 * 2
    assert more.train.labels[-2:].tolist() == [4, 7]
    assert more.reviewed.sentence == "2 used, 10 times per epoch (labels of ada 2, bob 2)."


def test_another_label_is_another_dataset():
    images = digit_images(np.array([4]))
    one, other = (load_training_data(None, 0, reviewed([label], images)) for label in (4, 9))
    assert one.dataset.digest != other.dataset.digest


def test_a_test_image_is_never_learnt_from(digits):
    images = np.concatenate([digits.test.images[:3], digit_images(np.array([5]))])
    data = load_training_data(None, 0, reviewed([*digits.test.labels[:3], 5], images))
    assert data.reviewed.left_out == {TEST_IMAGE: 3}
    assert data.reviewed.keys == ("scans/3.png",)


def test_reviewed_images_stay_a_small_part_whoever_labelled_them():
    labels = np.arange(200) % 10
    images = digit_images(labels)
    images[:, 0, :] = np.arange(200, dtype=np.uint8)[:, None]
    plain = load_training_data(None, 0).train.n
    data = load_training_data(None, 0, reviewed(labels, images), shares=Shares(reviewed=0.1))
    room = int(0.1 * plain)
    assert data.reviewed.left_out == {TOO_MANY: 200 - room}
    assert data.reviewed.repeats == 1
    assert data.train.n == plain + room
    assert data.reviewed.keys[0] == "scans/0.png"  # the oldest labels stay
    none = load_training_data(None, 0, reviewed([1]), shares=Shares(reviewed=0.0))
    assert none.train.n == plain


def test_unknown_writers_do_not_shift_the_known_ones(digits):
    from dataclasses import replace

    writers = np.arange(digits.train.n)
    longer = replace(digits, train_writers=writers).extended(reviewed([1, 2]).images)
    assert longer.train_writers[:-2].tolist() == writers.tolist()
    assert longer.train_writers[-2:].tolist() == [-1, -1]
