"""Augmentation: idle when scoring, different for each image, and as strong as asked."""

import cv2
import numpy as np
import pytest

from mnist.training.augmentation import RandomAugmentation
from mnist.training.recipes import Augmentation

Images = np.ndarray


def blob(rows: slice, columns: slice) -> Images:
    image = np.zeros((28, 28), np.float32)
    image[rows, columns] = 1
    return image


DIGIT = cv2.GaussianBlur(
    blob(slice(5, 22), slice(12, 15)) + blob(slice(5, 8), slice(8, 20)), (3, 3), 0
)


def augment(augmentation: Augmentation, copies: int = 400, seed: int = 0) -> Images:
    """Augment the same digit many times, shape (copies, 28, 28)."""
    batch = np.repeat(np.minimum(DIGIT, 1)[None, :, :, None], copies, axis=0)
    layer = RandomAugmentation(augmentation, seed)
    return np.asarray(layer(batch, training=True))[..., 0]


def centres(images: Images) -> np.ndarray:
    y, x = np.mgrid[:28, :28]
    mass = images.sum(axis=(1, 2))
    return (
        np.stack([(images * x).sum(axis=(1, 2)), (images * y).sum(axis=(1, 2))], 1) / mass[:, None]
    )


def test_scoring_sees_the_image_itself() -> None:
    batch = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    layer = RandomAugmentation(Augmentation(10, 0.1, 0.1, 2), seed=0)
    np.testing.assert_array_equal(np.asarray(layer(batch, training=False)), batch)


def test_no_distortion_changes_nothing_while_training() -> None:
    np.testing.assert_array_equal(augment(Augmentation(), copies=2)[1], np.minimum(DIGIT, 1))


@pytest.mark.parametrize(
    "augmentation", [Augmentation(shift_pixels=1e-6), Augmentation(rotation_degrees=1e-6)]
)
def test_an_imperceptible_distortion_is_imperceptible(augmentation: Augmentation) -> None:
    assert np.abs(augment(augmentation, copies=3) - np.minimum(DIGIT, 1)).max() < 1e-4


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(rotation_degrees=10),
        Augmentation(shear=0.2),
        Augmentation(scale=0.15),
        Augmentation(shift_pixels=2),
    ],
)
def test_every_kind_bends_each_image_differently_within_range(augmentation: Augmentation) -> None:
    bent = augment(augmentation, copies=20)
    assert len(np.unique(bent.round(4), axis=0)) == 20
    assert bent.min() >= -1e-6
    assert bent.max() <= 1 + 1e-6
    assert np.isfinite(bent).all()


def test_shifts_stay_within_their_limit_and_use_it() -> None:
    moved = centres(augment(Augmentation(shift_pixels=2))) - centres(np.minimum(DIGIT, 1)[None])
    assert np.abs(moved).max() <= 2.001
    assert moved.max() > 1.8
    assert moved.min() < -1.8


@pytest.mark.parametrize("limit", [5, 20])
def test_rotations_stay_within_their_limit_and_use_it(limit: float) -> None:
    angles = [axis_angle(image) for image in augment(Augmentation(rotation_degrees=limit))]
    turned = np.array(angles) - axis_angle(np.minimum(DIGIT, 1))
    assert limit * 0.85 < np.abs(turned).max() < limit * 1.15


def axis_angle(image: Images) -> float:
    """Angle of the longest axis of inertia, in degrees."""
    m = cv2.moments(image)
    return float(np.rad2deg(0.5 * np.arctan2(2 * m["mu11"], m["mu20"] - m["mu02"])) % 180)


def test_scale_changes_the_size_both_ways() -> None:
    spread = augment(Augmentation(scale=0.2)).sum(axis=(1, 2)) / np.minimum(DIGIT, 1).sum()
    assert 0.65 < spread.min() < 0.75
    assert 1.3 < spread.max() < 1.45


def test_sampling_agrees_with_opencv() -> None:
    bent = augment(Augmentation(30, 0.3, 0.2, 3), copies=30, seed=7)
    layer = RandomAugmentation(Augmentation(30, 0.3, 0.2, 3), seed=7)
    maps = np.asarray(layer._affine_maps(30))
    for image, matrix in zip(bent, maps, strict=True):
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        expected = cv2.warpAffine(np.minimum(DIGIT, 1), matrix, (28, 28), flags=flags)
        assert np.abs(image - expected).max() < 0.05  # OpenCV rounds positions to 1/32 pixel


def test_the_seed_decides_and_every_call_draws_anew() -> None:
    augmentation = Augmentation(rotation_degrees=10, shift_pixels=1)
    np.testing.assert_array_equal(augment(augmentation, seed=1), augment(augmentation, seed=1))
    assert not np.array_equal(augment(augmentation, seed=1), augment(augmentation, seed=2))
    layer = RandomAugmentation(augmentation, seed=1)
    batch = np.minimum(DIGIT, 1)[None, :, :, None]
    first, second = (np.asarray(layer(batch, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_pens_get_thicker_and_thinner_in_the_share_asked_for() -> None:
    ink = augment(Augmentation(pen_share=0.5), copies=2_000).sum(axis=(1, 2))
    usual = np.minimum(DIGIT, 1).sum()
    thicker, thinner = (ink > usual + 1e-3).mean(), (ink < usual - 1e-3).mean()
    assert thicker == pytest.approx(0.25, abs=0.04)
    assert thinner == pytest.approx(0.25, abs=0.04)
    assert ink.min() > 0.2 * usual


def test_blurring_softens_edges_in_the_share_asked_for() -> None:
    images = augment(Augmentation(blur_share=0.3), copies=2_000)
    steepest = np.abs(np.diff(images, axis=2)).max(axis=(1, 2))
    usual = np.abs(np.diff(np.minimum(DIGIT, 1), axis=1)).max()
    assert (steepest < usual - 1e-3).mean() == pytest.approx(0.3, abs=0.04)
    assert images.max() <= 1
