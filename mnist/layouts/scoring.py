"""What network and shape say together of a segment, as scores whose sum ranks values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Probabilities

Features = NDArray[np.float64]

NETWORK_FEATURES = ("doubt", "unlike", "far")
"""What the network says of a segment beside its probabilities."""

WIDTH_FEATURES = ("one", "width", "square")
"""What each digit has a weight of its own for: a 1 is narrow."""

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the semi-Markov model, fitted by `python -m benchmarks.fit_values`.

    Attributes:
        shape: Of `mnist.layouts.lattice.SHAPE_FEATURES`.
        probability: Of the logarithm of a digit's probability.
        network: Of `NETWORK_FEATURES`.
        width: Of `WIDTH_FEATURES`, for each digit.
        blot: Of `mnist.layouts.lattice.BLOT_FEATURES`.
    """

    shape: tuple[float, ...]
    probability: float
    network: tuple[float, ...]
    width: tuple[tuple[float, ...], ...]
    blot: tuple[float, ...]


def network_features(
    probabilities: Probabilities, ood_scores: NDArray[np.float32] | None, ood_threshold: float
) -> Features:
    """Describe what the network says of segments, shape (k, len(NETWORK_FEATURES)).

    Models have out-of-distribution scores on different scales, or none: only how far a score is
    from the threshold counts, and that with bounds.
    """
    doubt = np.log(np.maximum(1 - probabilities.max(axis=1, initial=0), _LEAST)) / 10
    unlike = np.zeros(len(probabilities))
    if ood_scores is not None and np.isfinite(ood_threshold):
        unlike = np.nan_to_num(ood_scores.astype(np.float64) - ood_threshold, nan=0.0)
    far = np.clip(unlike, 0, 20) / 10
    return np.stack([doubt, np.tanh(unlike / 4), far], axis=1)


def width_features(widths: Features) -> Features:
    """Describe widths, in shares of the row, shape (k, len(WIDTH_FEATURES))."""
    return np.stack([np.ones_like(widths), widths, widths**2], axis=1)


def digit_scores(
    shapes: Features, probabilities: Probabilities, network: Features, weights: Weights
) -> Features:
    """Score each digit on each segment, shape (k, 10)."""
    if not len(shapes):
        return np.empty((0, CLASSES))
    logs = np.log(np.maximum(probabilities.astype(np.float64), _LEAST))
    common = shapes @ np.asarray(weights.shape) + network @ np.asarray(weights.network)
    own = width_features(shapes[:, 1]) @ np.asarray(weights.width).T
    return np.asarray(common[:, None] + weights.probability * logs + own, np.float64)


def skip_scores(blots: dict[int, tuple[float, ...]], last: int, weights: Weights) -> Features:
    """Score every piece as no digit, shape (last,); -inf where it has to be part of one."""
    scores = np.full(last, -np.inf)
    for boundary, features in blots.items():
        scores[boundary] = float(np.dot(features, weights.blot))
    return scores
