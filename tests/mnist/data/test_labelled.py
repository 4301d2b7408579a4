"""Images with their labels: shapes are checked once, and the digest tells data apart."""

import hashlib

import numpy as np
import pytest

from mnist.data.labelled import LabelledImages, concatenate
from mnist.errors import InvalidDataset


def numbered(n: int = 4, seed: int = 0) -> LabelledImages:
    rng = np.random.default_rng(seed)
    return LabelledImages(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))


def test_the_digest_is_sha256_over_images_then_labels() -> None:
    data = numbered()
    little_endian = b"".join(int(label).to_bytes(8, "little") for label in data.labels)
    expected = hashlib.sha256(data.images.tobytes() + little_endian).hexdigest()
    assert data.digest == expected


def test_the_digest_does_not_depend_on_the_layout_in_memory() -> None:
    data = numbered()
    columns_first = LabelledImages(np.asfortranarray(data.images), data.labels)
    assert columns_first.digest == data.digest


def test_one_changed_pixel_label_or_order_changes_the_digest() -> None:
    data = numbered()
    pixels, labels = data.images.copy(), data.labels.copy()
    pixels[2, 3, 4] ^= 1
    labels[1] = (labels[1] + 1) % 10
    others = [
        LabelledImages(pixels, data.labels),
        LabelledImages(data.images, labels),
        data.take(np.array([1, 0, 2, 3])),
    ]
    assert len({data.digest, *(other.digest for other in others)}) == 4


def test_sets_join_in_order() -> None:
    one, other = numbered(3, seed=1), numbered(2, seed=2)
    both = concatenate([one, other])
    assert both.n == 5
    assert both.take(np.arange(3)).digest == one.digest
    assert both.take(np.arange(3, 5)).digest == other.digest
    with pytest.raises(InvalidDataset, match="0 sets"):
        concatenate([])


@pytest.mark.parametrize(
    ("images", "labels", "complaint"),
    [
        (np.zeros((2, 28, 28)), np.zeros(2, np.int64), "got float64"),
        (np.zeros((2, 28, 27), np.uint8), np.zeros(2, np.int64), r"\(2, 28, 27\)"),
        (np.zeros((28, 28), np.uint8), np.zeros(2, np.int64), r"\(28, 28\)"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.int64), r"got int64 of shape \(3,\)"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8), "got uint8"),
    ],
)
def test_refuses_other_shapes_and_types(
    images: np.ndarray, labels: np.ndarray, complaint: str
) -> None:
    with pytest.raises(InvalidDataset, match=complaint):
        LabelledImages(images, labels)
