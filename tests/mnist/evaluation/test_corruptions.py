"""Corruptions: fifteen kinds, the same on every run, and the digit stays in the image."""

import cv2
import numpy as np
import pytest

from mnist.evaluation.corruptions import (
    Corruption,
    corrupt,
    corruption_accuracies,
)

ALL = pytest.mark.parametrize("corruption", list(Corruption))

MEAN_LEVELS = {
    "shot_noise": 28.6,
    "impulse_noise": 55.8,
    "glass_blur": 33.0,
    "motion_blur": 32.7,
    "shear": 32.7,
    "scale": 10.1,
    "rotate": 32.7,
    "brightness": 140.7,
    "translate": 32.7,
    "stripe": 53.7,
    "fog": 99.0,
    "spatter": 56.2,
    "dotted_line": 35.4,
    "zigzag": 47.1,
    "canny_edges": 22.9,
}


@pytest.fixture(scope="module")
def digits():
    """Ten drawn digits in MNIST's layout."""
    images = np.zeros((10, 28, 28), np.uint8)
    for digit, image in enumerate(images):
        cv2.putText(image, str(digit), (6, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.75, 255, 2, cv2.LINE_AA)
    return images


def test_there_are_the_fifteen_of_the_paper():
    assert {corruption.value for corruption in Corruption} == {
        "shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear",
        "scale", "rotate", "brightness", "translate", "stripe",
        "fog", "spatter", "dotted_line", "zigzag", "canny_edges",
    }  # fmt: skip


@ALL
def test_changes_every_image_and_keeps_shape_and_type(digits, corruption):
    before = digits.copy()

    corrupted = corrupt(digits, corruption)

    assert corrupted.shape == digits.shape
    assert corrupted.dtype == np.uint8
    assert (corrupted != digits).any(axis=(1, 2)).all()
    assert (digits == before).all(), "the images handed in were changed"


@ALL
def test_an_image_depends_on_the_seed_and_its_place_alone(digits, corruption):
    whole = corrupt(digits, corruption, seed=3)

    assert (corrupt(digits[:4], corruption, seed=3) == whole[:4]).all()
    if corruption is not Corruption.CANNY_EDGES:  # edges involve no chance
        assert (corrupt(digits, corruption, seed=4) != whole).any()


@ALL
def test_equal_images_are_corrupted_differently(digits, corruption):
    copies = np.repeat(digits[:1], 8, axis=0)

    distinct = {image.tobytes() for image in corrupt(copies, corruption)}

    assert len(distinct) == (1 if corruption is Corruption.CANNY_EDGES else len(distinct))
    assert len(distinct) > 1 or corruption is Corruption.CANNY_EDGES


@ALL
def test_the_digit_stays_recognisable(digits, corruption):
    """Where the transformation keeps pixels in place, ink and ground stay apart."""
    moving = {"shear", "scale", "rotate", "translate", "stripe", "canny_edges"}
    corrupted = corrupt(digits, corruption).astype(float)

    if corruption.value in moving:
        assert corrupted.max(axis=(1, 2)).min() > 150
    else:
        ink, ground = digits > 200, digits == 0
        assert corrupted[ink].mean() > corrupted[ground].mean() + 60


def test_scale_shrinks_and_translate_keeps_the_ink(digits):
    amount = digits.sum(axis=(1, 2)).astype(float)

    shrunk = corrupt(digits, Corruption.SCALE).sum(axis=(1, 2))
    moved = corrupt(digits, Corruption.TRANSLATE).sum(axis=(1, 2))

    assert (shrunk / amount > 0.2).all()
    assert (shrunk / amount < 0.5).all()
    assert moved / amount == pytest.approx(1, abs=0.02)


def test_stripe_inverts_a_vertical_band_and_nothing_else(digits):
    for before, after in zip(digits, corrupt(digits, Corruption.STRIPE), strict=True):
        changed = np.flatnonzero((before != after).any(axis=0))

        assert changed.tolist() == list(range(changed[0], changed[0] + 7))
        assert (after[:, changed] == 255 - before[:, changed]).all()


def test_impulse_noise_leaves_three_pixels_of_four_alone(digits):
    kept = (corrupt(digits, Corruption.IMPULSE_NOISE) == digits).mean()

    assert 0.75 < kept < 0.95


def test_no_images_give_no_images():
    assert corrupt(np.zeros((0, 28, 28), np.uint8), Corruption.FOG).shape == (0, 28, 28)


def test_accuracies_tell_a_model_that_reads_from_one_that_guesses(digits):
    def nearest(images):
        distances = ((images[:, None].astype(float) - digits) ** 2).mean(axis=(2, 3))
        weights = np.exp(-distances / distances.std())
        return (weights / weights.sum(1, keepdims=True)).astype(np.float32)

    def guess(images):
        return np.full((len(images), 10), 0.1, np.float32)

    labels = np.arange(10)
    reading = corruption_accuracies(nearest, digits, labels)
    guessing = corruption_accuracies(guess, digits, labels)

    assert list(reading) == [corruption.value for corruption in Corruption]
    assert reading["dotted_line"] == reading["shot_noise"] == 1.0
    assert set(guessing.values()) == {0.1}


def test_corruptions_stay_as_strong_as_they_are(digits):
    """Accuracies are compared over months, so the mean grey level of each kind is pinned."""
    levels = {kind.value: float(corrupt(digits, kind).mean()) for kind in Corruption}

    assert levels == pytest.approx(MEAN_LEVELS, abs=0.3)
