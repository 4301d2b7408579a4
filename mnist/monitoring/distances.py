"""How far two samples are apart: population stability index, Kolmogorov-Smirnov, chi-squared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, kolmogorov

Values = NDArray[np.float64]
"""One number per image, shape (n,), without NaN."""

Counts = NDArray[np.int64]
"""How many images fell into each of k classes, shape (k,)."""

_BINS = 10
_PSEUDO_COUNT = 0.5


def cells(reference: Values, current: Values) -> tuple[Counts, Counts]:
    """Count two samples over the same cells, which the reference alone decides.

    Ten cells of equal share of the reference; where it has no more than ten values, as with the
    size of pictures from one scanner, one cell for each value and one for all others.
    """
    values = np.unique(reference)
    if len(values) <= _BINS:
        return _by_value(reference, values), _by_value(current, values)
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))
    size = len(edges) + 1
    return (
        np.bincount(np.searchsorted(edges, reference, side="left"), minlength=size),
        np.bincount(np.searchsorted(edges, current, side="left"), minlength=size),
    )


def population_stability(reference: Counts, current: Counts) -> float:
    """Give the population stability index of two countings of the same cells.

    The symmetric Kullback-Leibler divergence of the two shares. By convention below 0.1 is no
    change worth a word and 0.25 and above is a change. Every cell counts half an image more than
    it has, so that an empty one does not make it infinite.
    """
    old = (reference + _PSEUDO_COUNT) / (reference.sum() + _PSEUDO_COUNT * len(reference))
    new = (current + _PSEUDO_COUNT) / (current.sum() + _PSEUDO_COUNT * len(current))
    return float(((new - old) * np.log(new / old)).sum())


def kolmogorov_smirnov(reference: Values, current: Values) -> tuple[float, float]:
    """Give the largest distance of the two distribution functions, and its p-value.

    The p-value is the limit for large samples (Smirnov 1948); with ties it is too large, never
    too small.
    """
    old, new = np.sort(reference), np.sort(current)
    points = np.concatenate((old, new))
    below_old = np.searchsorted(old, points, side="right") / len(old)
    below_new = np.searchsorted(new, points, side="right") / len(new)
    distance = float(np.abs(below_old - below_new).max())
    size = len(old) * len(new) / (len(old) + len(new))
    return distance, float(kolmogorov(np.sqrt(size) * distance))


def same_shares(reference: Counts, current: Counts) -> float:
    """Give the p-value of Pearson's chi-squared test that both have the same shares."""
    table = np.array([reference, current], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    return float(chdtrc(table.shape[1] - 1, statistic))


def _by_value(sample: Values, values: Values) -> Counts:
    position = np.searchsorted(values, sample)
    inside = np.minimum(position, len(values) - 1)
    cell = np.where(values[inside] == sample, inside, len(values))
    return np.bincount(cell, minlength=len(values) + 1)
