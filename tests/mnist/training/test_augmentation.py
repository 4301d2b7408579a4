"""Distortions: idle when scoring, different for each image, and as strong as asked."""

import cv2
import numpy as np
import pytest

from mnist.training.augmentation import RandomDistortion
from mnist.training.recipes import Distortion

Images = np.ndarray


def blob(rows: slice, columns: slice) -> Images:
    image = np.zeros((28, 28), np.float32)
    image[rows, columns] = 1
    return image


DIGIT = cv2.GaussianBlur(
    blob(slice(5, 22), slice(12, 15)) + blob(slice(5, 8), slice(8, 20)), (3, 3), 0
)


def distort(distortion: Distortion, copies: int = 400, seed: int = 0) -> Images:
    """Distort the same digit many times, shape (copies, 28, 28)."""
    batch = np.repeat(np.minimum(DIGIT, 1)[None, :, :, None], copies, axis=0)
    layer = RandomDistortion(distortion, seed)
    return np.asarray(layer(batch, training=True))[..., 0]


def centres(images: Images) -> np.ndarray:
    y, x = np.mgrid[:28, :28]
    mass = images.sum(axis=(1, 2))
    return (
        np.stack([(images * x).sum(axis=(1, 2)), (images * y).sum(axis=(1, 2))], 1) / mass[:, None]
    )


def test_scoring_sees_the_image_itself() -> None:
    batch = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    layer = RandomDistortion(Distortion(10, 0.1, 0.1, 2, 1, 0.5), seed=0)
    np.testing.assert_array_equal(np.asarray(layer(batch, training=False)), batch)


def test_no_distortion_changes_nothing_while_training() -> None:
    np.testing.assert_array_equal(distort(Distortion(), copies=2)[1], np.minimum(DIGIT, 1))


@pytest.mark.parametrize(
    "distortion", [Distortion(shift_pixels=1e-6), Distortion(elastic_pixels=1e-6)]
)
def test_an_imperceptible_distortion_is_imperceptible(distortion: Distortion) -> None:
    assert np.abs(distort(distortion, copies=3) - np.minimum(DIGIT, 1)).max() < 1e-4


@pytest.mark.parametrize(
    "distortion",
    [
        Distortion(rotation_degrees=10),
        Distortion(shear=0.2),
        Distortion(scale=0.15),
        Distortion(shift_pixels=2),
        Distortion(elastic_pixels=1),
        Distortion(thickness=0.5),
    ],
)
def test_every_kind_bends_each_image_differently_within_range(distortion: Distortion) -> None:
    bent = distort(distortion, copies=20)
    assert len(np.unique(bent.round(4), axis=0)) == 20
    assert bent.min() >= -1e-6
    assert bent.max() <= 1 + 1e-6
    assert np.isfinite(bent).all()


def test_shifts_stay_within_their_limit_and_use_it() -> None:
    moved = centres(distort(Distortion(shift_pixels=2))) - centres(np.minimum(DIGIT, 1)[None])
    assert np.abs(moved).max() <= 2.001
    assert moved.max() > 1.8
    assert moved.min() < -1.8


@pytest.mark.parametrize("limit", [5, 20])
def test_rotations_stay_within_their_limit_and_use_it(limit: float) -> None:
    angles = [axis_angle(image) for image in distort(Distortion(rotation_degrees=limit))]
    turned = np.array(angles) - axis_angle(np.minimum(DIGIT, 1))
    assert limit * 0.85 < np.abs(turned).max() < limit * 1.15


def axis_angle(image: Images) -> float:
    """Angle of the longest axis of inertia, in degrees."""
    m = cv2.moments(image)
    return float(np.rad2deg(0.5 * np.arctan2(2 * m["mu11"], m["mu20"] - m["mu02"])) % 180)


def test_scale_changes_the_size_both_ways() -> None:
    spread = distort(Distortion(scale=0.2)).sum(axis=(1, 2)) / np.minimum(DIGIT, 1).sum()
    assert 0.65 < spread.min() < 0.75
    assert 1.3 < spread.max() < 1.45


def test_thickness_adds_and_removes_ink_without_moving_it() -> None:
    bent = distort(Distortion(thickness=0.8))
    ink = bent.sum(axis=(1, 2)) / np.minimum(DIGIT, 1).sum()
    assert ink.min() < 0.7
    assert ink.max() > 1.3
    assert np.abs(centres(bent) - centres(np.minimum(DIGIT, 1)[None])).max() < 0.5


@pytest.mark.parametrize("kind", ["affine", "elastic"])
def test_both_ways_of_sampling_agree_with_opencv(kind: str) -> None:
    # A vanishing elastic field forces the other sampler on the very same affine draw.
    elastic = 1e-9 if kind == "elastic" else 0.0
    bent = distort(Distortion(30, 0.3, 0.2, 3, elastic), copies=30, seed=7)
    layer = RandomDistortion(Distortion(30, 0.3, 0.2, 3, elastic), seed=7)
    maps = np.asarray(layer._affine_maps(30))
    for image, matrix in zip(bent, maps, strict=True):
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        expected = cv2.warpAffine(np.minimum(DIGIT, 1), matrix, (28, 28), flags=flags)
        assert np.abs(image - expected).max() < 0.05  # OpenCV rounds positions to 1/32 pixel


def test_the_seed_decides_and_every_call_draws_anew() -> None:
    distortion = Distortion(rotation_degrees=10, elastic_pixels=1)
    np.testing.assert_array_equal(distort(distortion, seed=1), distort(distortion, seed=1))
    assert not np.array_equal(distort(distortion, seed=1), distort(distortion, seed=2))
    layer = RandomDistortion(distortion, seed=1)
    batch = np.minimum(DIGIT, 1)[None, :, :, None]
    first, second = (np.asarray(layer(batch, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)
