"""Out-of-fold predictions: each image is predicted by a network that has not learned from it."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.digits import CLASSES, Images, Probabilities
from mnist.evaluation.calibration import apply_temperature, fit_temperature
from mnist.training.models import Model
from mnist.training.recipes import Recipe
from mnist.training.train import train

_PREDICT_BATCH = 500


def out_of_fold(
    recipe: Recipe,
    data: LabelledImages,
    groups: NDArray[np.int64],
    *,
    folds: int,
    seed: int,
    on_fold: Callable[[int], None] = lambda _: None,
) -> Probabilities:
    """Train a network for each fold on the others, and predict the fold with it.

    Args:
        recipe: Of every network; a small set of images gets as many epochs as it needs.
        data: Images to learn from and to predict.
        groups: Which images belong together, shape (n,), any numbers: copies of one digit are never
            on both sides.
        folds: How many, at least 2.
        seed: Determines folds, weights, order and augmentation.
        on_fold: Called with the number of each fold that is done, from 1.

    Returns:
        Shape (n, 10), each fold calibrated by images that its network selected its epoch by.

    Raises:
        InvalidDataset: If there are too few images of a digit, or fewer than a batch.
    """
    probabilities = np.zeros((data.n, CLASSES), np.float32)
    for number, (others, fold) in enumerate(_folds(groups, folds, seed), start=1):
        learned, validation = split(data.take(others), seed=seed)
        training = train(recipe.for_images(learned.n), learned, validation, seed=seed + number)
        model = training.model
        temperature = fit_temperature(validation.labels, _predict(model, validation.images))
        probabilities[fold] = apply_temperature(_predict(model, data.images[fold]), temperature)
        on_fold(number)
    return probabilities


def _folds(
    groups: NDArray[np.int64], folds: int, seed: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    splitter = GroupKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(groups, groups=groups)


def _predict(model: Model, images: Images) -> Probabilities:
    return np.asarray(model.predict(images, batch_size=_PREDICT_BATCH, verbose=0), np.float32)
