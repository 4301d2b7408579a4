"""Images that join MNIST's: how often they are shown, and which are never learned from."""

import numpy as np
import pytest

from mnist.data.added import EVALUATES, HANDS, LABELLED_SET, TEST_IMAGE, AddedImages, with_repeats
from mnist.data.digests import pixel_digests
from mnist.data.labelled import LabelledImages
from mnist.data.reviewed import ReviewedLabels
from mnist.data.training_data import Shares, load_training_data


def some(count, start=0):
    images = np.zeros((count, 28, 28), np.uint8)
    images.reshape(count, -1)[:, :2] = np.array([divmod(start + n, 256) for n in range(count)])
    return LabelledImages(images, np.arange(count) % 10)


def added(count, kind=LABELLED_SET, name="own"):
    return AddedImages(name, kind, some(count), "d" * 64, "ada")


@pytest.mark.parametrize(
    ("counts", "repeats"), [((10,), 10), ((100,), 10), ((500,), 2), ((200, 300), 2), ((5_000,), 1)]
)
def test_few_images_are_repeated_and_none_is_left_out(counts, repeats):
    """10,000 others and a share of a tenth: 1,000 showings, or all images once."""
    sets = with_repeats([added(count) for count in counts], 10_000, 0.1)
    assert [(each.images.n, each.repeats) for each in sets] == [(c, repeats) for c in counts]


def test_public_hands_are_shown_as_the_recipe_says():
    (hands, own) = with_repeats([added(50, HANDS), added(50)], 10_000, 0.1)
    assert (hands.repeats, own.repeats) == (1, 10)


def test_evaluation_and_test_images_are_left_out_and_counted():
    images = added(10)
    pixels = pixel_digests(images.images.images)
    contents = np.arange(10, dtype=np.uint64)
    left = images.without(np.concatenate([pixels[:2], contents[5:6]]), pixels[8:], contents)
    assert left.images.n == 5
    assert left.left_out == {EVALUATES: 3, TEST_IMAGE: 2}


@pytest.fixture
def without_mnist(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("mnist.data.datasets._download", lambda _path: False)


@pytest.mark.usefixtures("without_mnist")
def test_added_images_are_learned_from_and_every_share_is_on_record():
    def load(*sets):
        return load_training_data(
            None, 0, add=lambda _test: sets, shares=Shares(repeats=2), fallback=True
        )

    alone, more = load(), load(added(40), added(20, HANDS, "usps"))
    assert more.train.n == 2 * alone.train.n + 40 * 3 + 20  # a tenth of 1,318 is three times forty
    assert more.validation.digest == alone.validation.digest
    assert more.dataset.source == alone.dataset.source
    assert more.digest != alone.digest
    rows = {row["name"]: row for row in more.sources}
    assert {name: (row["kind"], row["images"], row["repeats"]) for name, row in rows.items()} == {
        "sklearn-digits": ("dataset", alone.train.n, 2),
        "own": (LABELLED_SET, 40, 3),
        "usps": (HANDS, 20, 1),
    }
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert rows["own"]["who"] == "ada"


@pytest.mark.usefixtures("without_mnist")
def test_reviewed_images_that_evaluate_are_not_learned_from():
    images = some(4)
    reviewed = ReviewedLabels(images, tuple("abcd"), (("ada", "bob"),) * 4)
    data = load_training_data(
        None, 0, reviewed, labelled_sets={"own": images.take(np.array([1]))}, fallback=True
    )
    assert data.reviewed.keys == ("a", "c", "d")
    assert data.reviewed.left_out == {EVALUATES: 1}
