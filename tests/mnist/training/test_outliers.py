"""Pictures that are not one digit: repeatable, of many kinds, and learned as an eleventh answer."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.candidates.candidate import make_candidate
from mnist.data.labelled import LabelledImages
from mnist.scoring.graphs import Predictor
from mnist.training.outliers import draw_outliers
from mnist.training.recipes import RECIPES
from mnist.training.train import train
from tests.factories import digit_images


@pytest.fixture(scope="module")
def digits():
    return digit_images(np.arange(100) % 10)


def test_the_same_seed_draws_the_same_pictures(digits):
    pictures = draw_outliers(45, digits, seed=3)
    np.testing.assert_array_equal(pictures, draw_outliers(45, digits, seed=3))
    assert (pictures != draw_outliers(45, digits, seed=4)).any()


def test_every_picture_has_ink_and_no_two_are_alike(digits):
    pictures = draw_outliers(600, digits, seed=0)
    assert pictures.shape == (600, 28, 28)
    assert pictures.dtype == np.uint8
    assert (pictures.max(axis=(1, 2)) > 0).all()
    assert len(np.unique(pictures.reshape(600, -1), axis=0)) > 590


def test_none_can_be_asked_for(digits):
    assert draw_outliers(0, digits, seed=0).shape == (0, 28, 28)


def test_a_network_that_learned_them_tells_them_from_digits(tmp_path):
    rng = np.random.default_rng(0)
    images = digit_images(np.arange(3_000) % 10)
    moves = rng.integers(-2, 3, (len(images), 2))
    moved = [np.roll(i, tuple(m), (0, 1)) for i, m in zip(images, moves, strict=True)]
    data = LabelledImages(np.stack(moved), np.arange(3_000) % 10)
    learned, unseen = data.take(np.arange(2_500)), data.take(np.arange(2_500, 3_000))
    recipe = replace(RECIPES["demo"], epochs=3, outliers=1_500)
    training = train(recipe, learned, unseen, seed=0)
    candidate = make_candidate(
        training,
        learned,
        unseen,
        unseen,
        tmp_path,
        labelled_sets={},
        max_accepted_error_rate=0.002,
    )
    predictor = Predictor(candidate.graph, candidate.graph_sha256)
    outputs = predictor.outputs(draw_outliers(300, learned.images, seed=99))
    assert (outputs.ood_scores > candidate.ood_threshold).mean() > 0.8
    assert (outputs.ood_scores > candidate.no_digit_threshold).mean() > 0.6
    known = predictor.outputs(unseen.images)
    assert (known.ood_scores > candidate.ood_threshold).mean() <= 0.01
    np.testing.assert_allclose(known.probabilities.sum(axis=1), 1, atol=1e-5)
    assert known.probabilities.shape == (500, 10)
