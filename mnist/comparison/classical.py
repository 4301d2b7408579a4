"""Classifiers without a network: nearest neighbours, random forest, support vectors.

They are peers in the comparison of models. They exist only within the call that fits them: no
scoring graph is written and nothing is pickled, so none of them can become champion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, Images, PredictProbabilities, Probabilities
from mnist.training.recipes import COMPARE_MODELS, LOW, Expectation

_UNIFORM_SHARE = 0.01
"""Votes that are all for one digit would claim certainty; this much is spread evenly."""


@dataclass(frozen=True)
class ClassicalRecipe:
    """A classifier without a network and how it is fitted.

    Attributes:
        name: What people call it.
        hyperparameters: What shapes it, for the record.
        max_images: Training images it is given at the most; None gives all. Fitting support
            vectors takes more than twice the time for twice the images.
        build: From a seed to an unfitted scikit-learn pipeline.
        expected: What it cost and reached when it was last measured.
    """

    name: str
    hyperparameters: Mapping[str, Any]
    max_images: int | None
    build: Callable[[int], Pipeline]
    expected: Expectation


@dataclass(frozen=True)
class ClassicalModel:
    """A fitted classifier.

    Attributes:
        predict: From images (n, 28, 28) uint8 to probabilities (n, 10), uncalibrated.
        numbers: Numbers it keeps to predict an image; the counterpart of a network's parameters.
        training_images: Images it was fitted on.
    """

    predict: PredictProbabilities
    numbers: int
    training_images: int


def fit_classical(recipe: ClassicalRecipe, train: LabelledImages, *, seed: int) -> ClassicalModel:
    """Fit a classifier on the training images, or on as many as its recipe allows.

    Args:
        recipe: What to fit.
        train: Images in random order, as `mnist.data.splits.split` gives them; each digit must
            occur.
        seed: For whatever the method draws.
    """
    used = train.take(np.arange(min(train.n, recipe.max_images or train.n)))
    pipeline = recipe.build(seed)
    pipeline.fit(_flat(used.images), used.labels)
    return ClassicalModel(
        predict=lambda images: _probabilities(pipeline, images),
        numbers=_count_numbers(pipeline),
        training_images=used.n,
    )


def _flat(images: Images) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _probabilities(pipeline: Pipeline, images: Images) -> Probabilities:
    if hasattr(pipeline, "predict_proba"):
        rows = pipeline.predict_proba(_flat(images))
        rows = (1 - _UNIFORM_SHARE) * rows + _UNIFORM_SHARE / CLASSES
    else:
        rows = softmax(pipeline.decision_function(_flat(images)), axis=1)
    return np.asarray(rows, np.float32)


def _count_numbers(pipeline: Pipeline) -> int:
    """Count what has to be kept: components, support vectors, neighbours, or nodes of trees."""
    count = 0
    for step in pipeline:
        if isinstance(step, PCA):
            count += step.components_.size + step.mean_.size
        elif isinstance(step, KNeighborsClassifier):
            count += step.n_samples_fit_ * step.n_features_in_
        elif isinstance(step, SVC):
            count += step.support_vectors_.size + step.dual_coef_.size
        elif isinstance(step, RandomForestClassifier):
            count += sum(tree.tree_.node_count for tree in step.estimators_)
    return int(count)


def _knn(seed: int) -> Pipeline:
    return make_pipeline(
        PCA(40, random_state=seed), KNeighborsClassifier(5, weights="distance", n_jobs=-1)
    )


def _random_forest(seed: int) -> Pipeline:
    return make_pipeline(RandomForestClassifier(500, n_jobs=-1, random_state=seed))


def _svm(seed: int) -> Pipeline:
    return make_pipeline(PCA(50, random_state=seed), SVC(C=10, gamma="scale", cache_size=500))


CLASSICAL = {
    recipe.name: recipe
    for recipe in (
        ClassicalRecipe(
            "knn",
            {"components": 40, "neighbours": 5, "weights": "distance"},
            None,
            _knn,
            Expectation(1, 0.9751, LOW, COMPARE_MODELS),
        ),
        ClassicalRecipe(
            "random-forest",
            {"trees": 500},
            None,
            _random_forest,
            Expectation(139, 0.9705, LOW, COMPARE_MODELS),
        ),
        ClassicalRecipe(
            "svm",
            {"components": 50, "kernel": "rbf", "C": 10, "gamma": "scale"},
            60_000,
            _svm,
            Expectation(12, 0.9853, LOW, COMPARE_MODELS),
        ),
    )
}
"""Every classical recipe by its name; one entry holds all that is specific to it."""
