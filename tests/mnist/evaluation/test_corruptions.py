"""Corruptions: fifteen kinds, the same on every run, and the digit stays in the image."""

import cv2
import numpy as np
import pytest

from mnist.evaluation.corruptions import (
    Corruption,
    corrupt,
)

ALL = pytest.mark.parametrize("corruption", list(Corruption))

WITHOUT_CHANCE = {"scale", "brightness", "stripe", "canny_edges"}

MEAN_LEVELS = {
    "shot_noise": 27.0,
    "impulse_noise": 48.8,
    "glass_blur": 32.7,
    "motion_blur": 32.7,
    "shear": 35.5,
    "scale": 15.9,
    "rotate": 32.7,
    "brightness": 146.6,
    "translate": 32.7,
    "stripe": 160.1,
    "fog": 101.4,
    "spatter": 39.4,
    "dotted_line": 39.0,
    "zigzag": 43.6,
    "canny_edges": 22.5,
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
    if corruption.value not in WITHOUT_CHANCE:
        assert (corrupt(digits, corruption, seed=4) != whole).any()


@ALL
def test_equal_images_are_corrupted_differently(digits, corruption):
    copies = np.repeat(digits[:1], 12, axis=0)

    distinct = {image.tobytes() for image in corrupt(copies, corruption)}

    assert (len(distinct) > 1) == (corruption.value not in WITHOUT_CHANCE)


@ALL
def test_the_digit_stays_recognisable(digits, corruption):
    """Where the transformation keeps pixels in place, ink and ground stay apart."""
    moving = {"shear", "scale", "rotate", "translate", "stripe", "canny_edges", "motion_blur"}
    corrupted = corrupt(digits, corruption).astype(float)

    if corruption.value in moving:
        assert corrupted.max(axis=(1, 2)).min() > 100
    else:
        ink, ground = digits > 200, digits == 0
        assert corrupted[ink].mean() > corrupted[ground].mean() + 50


def test_scale_shrinks_to_seven_tenths(digits):
    amount = digits.sum(axis=(1, 2)).astype(float)
    shrunk = corrupt(digits, Corruption.SCALE).sum(axis=(1, 2))

    assert shrunk / amount == pytest.approx(0.49, abs=0.04)


def test_translate_moves_by_three_pixels_each_way(digits):
    copies = np.repeat(digits[:1], 40, axis=0)
    expected = {
        np.roll(digits[0], (down, right), (0, 1)).tobytes() for down in (-3, 3) for right in (-3, 3)
    }
    assert {image.tobytes() for image in corrupt(copies, Corruption.TRANSLATE)} == expected


def test_rotate_turns_by_two_fifths_of_a_radian_about_the_middle(digits):
    turned = corrupt(np.repeat(digits[:1], 12, axis=0), Corruption.ROTATE)
    both = [
        cv2.warpAffine(
            digits[0], cv2.getRotationMatrix2D((13.5, 13.5), np.degrees(angle), 1), (28, 28)
        )
        for angle in (0.4, -0.4)
    ]
    for image in turned:
        assert min(np.abs(image.astype(int) - one).max() for one in both) <= 4
    assert {int(np.abs(image.astype(int) - both[0]).max() <= 4) for image in turned} == {0, 1}


def test_shear_keeps_the_middle_row_and_moves_the_others(digits):
    for before, after in zip(digits, corrupt(digits, Corruption.SHEAR), strict=True):
        middle = before[13:15].mean(axis=0) - after[13:15].mean(axis=0)
        assert np.abs(middle).mean() < 12
        assert (before != after).any()


def test_brightness_adds_half_of_full_ink(digits):
    bright = corrupt(digits, Corruption.BRIGHTNESS)
    expected = np.minimum(digits.astype(float) + 127.5, 255)

    assert np.abs(bright - expected).max() <= 1


def test_stripe_inverts_the_left_and_the_right_quarter(digits):
    for before, after in zip(digits, corrupt(digits, Corruption.STRIPE), strict=True):
        assert (after[:, 7:21] == before[:, 7:21]).all()
        assert (after[:, :7] == 255 - before[:, :7]).all()
        assert (after[:, 21:] == 255 - before[:, 21:]).all()


def test_impulse_noise_hits_one_pixel_of_six(digits):
    grey = np.full((200, 28, 28), 100, np.uint8)
    noisy = corrupt(grey, Corruption.IMPULSE_NOISE)

    assert (noisy != 100).mean() == pytest.approx(0.17, abs=0.005)
    assert (noisy == 255).mean() == pytest.approx(0.085, abs=0.004)


def test_shot_noise_counts_three_photons_at_full_ink():
    levels = np.unique(corrupt(np.full((50, 28, 28), 255, np.uint8), Corruption.SHOT_NOISE))

    assert levels.tolist() == [0, 85, 170, 255]


def test_motion_blur_smears_towards_one_side():
    point = np.zeros((30, 28, 28), np.uint8)
    point[:, 14, 14] = 255
    smeared = corrupt(point, Corruption.MOTION_BLUR)

    assert (smeared[:, :, 15:] == 0).all()
    assert smeared.sum(axis=(1, 2)).astype(float) == pytest.approx(255, abs=12)
    assert (smeared[:, 14, 14] >= 50).all()


def test_glass_blur_moves_ink_by_a_few_pixels_and_loses_none(digits):
    amount = digits.sum(axis=(1, 2)).astype(float)
    blurred = corrupt(digits, Corruption.GLASS_BLUR)

    assert blurred.sum(axis=(1, 2)) / amount == pytest.approx(1, abs=0.02)


def test_fog_covers_three_quarters_of_the_range(digits):
    black = np.zeros((20, 28, 28), np.uint8)
    black[:, 0, 0] = 255
    foggy = corrupt(black, Corruption.FOG)[:, 5:, 5:]

    assert foggy.max() <= 192
    assert 40 < foggy.mean() < 150


def test_spatter_is_mud_of_a_quarter_of_full_ink():
    muddy = corrupt(np.zeros((20, 28, 28), np.uint8), Corruption.SPATTER)

    assert muddy.max() <= 63
    assert 0.05 < (muddy > 40).mean() < 0.5


def test_a_dotted_line_has_dashes_of_two_columns():
    drawn = corrupt(np.zeros((20, 28, 28), np.uint8), Corruption.DOTTED_LINE)

    inked = (drawn > 0).any(axis=1)
    assert not inked[:, 0::4].any()
    assert not inked[:, 1::4].any()
    assert inked[:, 2::4].all()


def test_a_zigzag_crosses_from_column_two_to_twenty_five():
    drawn = corrupt(np.zeros((40, 28, 28), np.uint8), Corruption.ZIGZAG) > 0

    columns = drawn.any(axis=1)
    assert not columns[:, :1].any()
    assert not columns[:, 27:].any()
    assert columns[:, 4:23].mean() > 0.95


def test_canny_edges_are_outlines_one_pixel_wide(digits):
    edges = corrupt(digits, Corruption.CANNY_EDGES)

    assert set(np.unique(edges)) == {0, 255}
    assert (edges > 0).mean() < (digits > 100).mean()


def test_no_images_give_no_images():
    assert corrupt(np.zeros((0, 28, 28), np.uint8), Corruption.FOG).shape == (0, 28, 28)


def test_corruptions_stay_as_strong_as_they_are(digits):
    """Accuracies are compared over months, so the mean grey level of each kind is pinned."""
    levels = {kind.value: float(corrupt(digits, kind).mean()) for kind in Corruption}

    assert levels == pytest.approx(MEAN_LEVELS, abs=0.3)
