"""Out-of-fold predictions: by networks that have not learned from the images."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.data.datasets import load_sklearn_digits
from mnist.data.labelled import LabelledImages
from mnist.evaluation.confident_learning import suspected_label_errors
from mnist.training.out_of_fold import _folds, out_of_fold
from mnist.training.recipes import get_recipe

MLP = replace(get_recipe("mlp"), width=0.3, batch_size=64)


def test_copies_of_a_digit_are_never_on_both_sides_and_every_image_is_in_one_fold():
    groups = np.repeat(np.arange(50), 4)
    folds = list(_folds(groups, 3, seed=0))
    assert sorted(np.concatenate([fold for _, fold in folds])) == list(range(200))
    for others, fold in folds:
        assert not np.isin(groups[others], groups[fold]).any()
    again = list(_folds(groups, 3, seed=0))
    assert all(np.array_equal(a, b) for a, b in zip(folds[0], again[0], strict=True))


@pytest.mark.slow
def test_wrong_labels_are_contradicted_although_copies_of_them_are_learned_from():
    """Each wrong image is there four times: learned by a network, it would be predicted so."""
    data = load_sklearn_digits().train
    wrong = np.random.default_rng(0).choice(data.n, 20, replace=False)
    labels = data.labels.copy()
    labels[wrong] = (labels[wrong] + 5) % 10
    rows = np.concatenate([np.arange(data.n), np.repeat(wrong, 3)])
    planted = LabelledImages(data.images[rows], labels[rows])
    done = []
    probabilities = out_of_fold(MLP, planted, rows, folds=3, seed=0, on_fold=done.append)
    assert done == [1, 2, 3]
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(planted.n), abs=1e-4)
    suspects = suspected_label_errors(planted.labels, probabilities)
    first = rows[suspects.index[: 4 * len(wrong)]]
    assert np.isin(wrong, first).mean() > 0.85
