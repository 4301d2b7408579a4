"""A map of images: those that look alike to a model lie close together."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from mnist.digits import Labels, Probabilities

PLACES = 2_000
"""Images on a map. t-SNE of 10,000 takes minutes, and nobody can tell 10,000 dots apart."""

_COMPONENTS = 30
_FEWEST_FOR_TSNE = 100


def worth_a_place(
    labels: Labels, probabilities: Probabilities, count: int = PLACES, seed: int = 0
) -> NDArray[np.int64]:
    """Choose images for a map: all wrong predictions, then the closest calls, then any.

    A quarter of the places goes to mistakes and close calls at the most, unless there are more
    mistakes; the others are drawn, so that the map shows what is usual too.

    Returns:
        Rows in order, shape (min(n, count),).
    """
    images = len(labels)
    if images <= count:
        return np.arange(images)
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    wrong = probabilities.argmax(axis=1) != labels
    urgency = np.where(wrong, -1.0, two[:, 1] - two[:, 0])
    urgent = np.argsort(urgency, kind="stable")[: max(count // 4, int(wrong.sum()))][:count]
    others = np.setdiff1d(np.arange(images), urgent)
    drawn = np.random.default_rng(seed).choice(others, count - len(urgent), replace=False)
    return np.sort(np.concatenate([urgent, drawn]))


def embed(features: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """Place images on a plane by t-SNE (van der Maaten and Hinton 2008), after PCA.

    The same features and seed give the same map on the same machine.

    Args:
        features: Shape (n, d), n > 1.
        seed: Of the two algorithms.

    Returns:
        Shape (n, 2).
    """
    components = min(_COMPONENTS, *features.shape)
    reduced = PCA(components, random_state=seed).fit_transform(features)
    if len(features) < _FEWEST_FOR_TSNE:
        return np.asarray(reduced[:, :2], np.float32)
    placed = TSNE(init="pca", random_state=seed, max_iter=500).fit_transform(reduced)
    return np.asarray(placed, np.float32)
